function tiny(o) {
  return {
    id: o.id,
    number: "SW-" + o.orderNumber,
    name: (o.customer.firstName + " " + o.customer.lastName).trim(),
    email: o.customer.email.toLowerCase(),
    total: Math.round(o.unitPrice * o.quantity * 100) / 100,
    paid: o.state === "paid",
  };
}
function map_tiny(src) { return JSON.stringify(tiny(JSON.parse(src))); }
