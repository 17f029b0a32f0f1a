/** What was ordered, in a few words: the accountant sees them on the draft. */
export function summary(order: any): string {
  const pieces = decimal.sum(order.lines.map((line: any) => line.quantity));
  return `${pieces} ${pieces.eq(1) ? "piece" : "pieces"} in ${order.lines.length} ${order.lines.length === 1 ? "line" : "lines"}`;
}

/** A step of the flow: it is given the order as the read mapping made it, and gives back the order that goes on. */
export default function enrich(order: any) {
  if (order.totals.gross.gte(250)) log.warn("a large order", { gross: order.totals.gross });
  order.custom = { ...order.custom, summary: summary(order) };
  return order;
}
