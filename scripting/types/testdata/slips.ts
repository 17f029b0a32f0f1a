export function slips(order: Order, raw: Shopware.Order, settings: Flows.WebshopOrders.Settings): void {
  const line = order.lines![0]!;
  line.skuu; // TS2551 Property 'skuu' does not exist on type 'Line'. Did you mean 'sku'?
  line.quantity!.add("1");
  line.quantity! + 1; // TS2365
  line.quantity! > 1; // TS2365
  line.quantity === 1; // TS2367
  line.quantity.add(1); // TS18048
  const n: number = line.quantity!; // TS2322
  const s: string = line.quantity!.toNumber(); // TS2322
  order.status === "opne"; // TS2367
  order.lines[0]; // TS18048
  raw.orderNumbre; // TS2551
  raw.orderNumber;
  settings.orderType === "quote"; // TS2367
  cw.upper(1); // TS2769
  cw.truncate("x"); // TS2554
  cw.uper("x"); // TS2551
  date.now(1); // TS2345
  date.parts("2026-11-22T10:00:00Z").weekDay; // TS2551
  crypto.sha256("x", "hexx"); // TS2345
  decimal(true); // TS2345
  decimal("1").round(2, "half-evn"); // TS2345
  decimal("1").round(2, "half-even");
  const made: Order = { totals: { net: 1 } }; // TS2322
  new Date().getFullYear();
  setTimeout(() => {}, 1); // TS2304
  void [n, s, made];
}
