import enrich, { summary } from "./enrich";

const order = (...quantities: any[]) => ({ totals: { gross: decimal("24.95") }, lines: quantities.map((quantity) => ({ quantity: decimal(quantity) })) });

describe("summary", () => {
  test.each([
    ["1 piece in 1 line", [1]],
    ["3 pieces in 2 lines", [1, 2]],
    ["0.5 pieces in 1 line", ["0.5"]],
  ])("%s", (want, quantities) => {
    expect(summary(order(...quantities))).toBe(want);
  });
});

describe("enrich", () => {
  test("keeps what the shop said", () => {
    const enriched = enrich({ ...order(1), number: "10001", custom: { gift: true } });
    expect(enriched).toMatchObject({ number: "10001", custom: { gift: true, summary: "1 piece in 1 line" } });
  });
  test("a large order", () => {
    expect(enrich({ ...order(1), totals: { gross: decimal(250) } }).custom.summary).toBe("1 piece in 1 line");
  });
});
