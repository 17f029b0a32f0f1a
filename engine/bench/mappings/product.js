function product(p) {
  const brand = p.manufacturer.translated.name ?? p.manufacturer.name ?? "";
  const name = p.translated.name ?? p.name ?? "";
  const stock = p.availableStock ?? p.stock ?? 0;
  return {
    sku: p.productNumber,
    name, brand,
    title: brand + " " + name,
    ean: p.ean ?? "",
    active: p.active,
    stock,
    availability: stock > 0 ? "in_stock" : p.isCloseout ? "sold_out" : "backorder",
    priceNet: p.price[0].net,
    priceGross: p.price[0].gross,
    margin: Math.round((p.price[0].net - p.purchasePrices[0].net) / p.price[0].net * 10000) / 10000,
    vat: p.tax.taxRate,
    currency: "EUR",
    category: p.categories[0].breadcrumb.join(" > "),
    image: p.cover?.media?.url ?? "",
    weightG: Math.round((p.weight ?? 0) * 1000),
    dims: p.width + "x" + p.height + "x" + p.length,
    minQty: p.minPurchase ?? 1,
    tags: p.tags.map((t) => t.name),
  };
}
function map_product(src) { return JSON.stringify(product(JSON.parse(src))); }
function catalogue(ps) { return { items: ps.map(product) }; }
function map_catalogue(src) { return JSON.stringify(catalogue(JSON.parse(src))); }
