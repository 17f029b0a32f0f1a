/** Uses what is declared as it may be used: it compiles strictly. */

export function loyalty(customer: Order.Customer, order: Order, at: string = date.now("Europe/Amsterdam")): "gold" | "silver" {
  const total: Decimal = order.totals?.gross ?? decimal(0);
  const lines = (order.lines ?? []).map((line) => line.totalGross ?? decimal("0"));
  const sum = decimal.sum(lines, 1, "2.50");
  const least = decimal.min(sum, lines).add(1);
  const most = decimal.max(...lines);
  log.info("loyal", { email: customer.email !== undefined, at, most, least });
  if (order.status === "open" && date.parts(at).weekday > 5) return "silver";
  return total.gt(sum) || most === undefined || !total.isZero() ? "gold" : "silver";
}

export const enrich = (order: Order): Output<Order> => ({ ...order, note: cw.upper(order.note), totals: { net: 1, gross: decimal("1.21") } });

export async function reference(doc: Shopware.Order, settings: Flows.WebshopOrders.Settings, tables: Flows.WebshopOrders.Tables): Promise<string> {
  const code = tables.taxCodes["NL"]?.["21"] ?? settings.orderType;
  const sku: string | null | undefined = doc.lineItems?.[0]?.payload?.productNumber;
  const parts = decimal("10").allocate([1, "1", decimal(1)], 2).map((p) => p.toFixed(2));
  const hash = crypto.hmac("sha256", "key", `${doc.orderNumber}`, "base64url");
  const first: string = cw.truncate("a long text", 4);
  const maybe: string | undefined = cw.truncate(doc.customerComment, 4);
  return [code, sku, ...parts, hash, first, maybe, settings.days?.toString(), settings["dry-run"]].join();
}

export default function sorted(values: Decimal[]): Decimal[] {
  const made: unknown = values[0];
  if (made instanceof decimal) return [made.neg()];
  return [...values].sort((a, b) => a.cmp(b)).filter((v) => v.mod(2).eq(0) && v.sign() > 0);
}

export function invoice(order: Order): Output<Eaccounting.InvoiceDraft> | null {
  if (order.customer?.type === "person") return null;
  const round: Rounding = "half-even";
  const draft: Partial<Output<Eaccounting.InvoiceDraft>> = { YourReference: order.number };
  void round;
  return draft as Output<Eaccounting.InvoiceDraft>;
}

describe("loyalty", () => {
  beforeEach(() => log.debug("begin"));
  test("gold", { now: "2026-11-22T10:00:00Z" }, () => {
    const order: Order = { totals: { gross: decimal("10") } };
    expect(loyalty({}, order)).toBe("gold");
    expect(order).toMatchObject({ totals: expect.any(decimal) });
    expect(() => decimal("x")).toThrow(/number/);
    expect(() => decimal("x")).not.toThrow(RangeError);
    expect(decimal("1.10")).toBeGreaterThan(1);
  });
  it("waits", async () => {
    await expect(reference({} as Shopware.Order, {} as Flows.WebshopOrders.Settings, {} as Flows.WebshopOrders.Tables)).resolves.toMatch("order");
  });
  test.each([["a", 1], ["b", 2]] as const)("%s", (name, n) => expect(name.length + n).toBeDefined());
  test.each([["a", [1]], ["b", ["0.5"]], ["c", []]])("%s", (name, numbers) => expect(name.length + numbers.length).toBeDefined());
  test.each([[1], [2]])("%s", (n) => expect(n.toFixed(1)).toBeDefined());
  describe.each([["gold", "1000.00"], ["silver", "999.99"]])("%s from %s on", (want, spent) => { void (want + spent).length; });
  test.each(["a", "b"])("%s", (name) => expect(name.length).toBe(1));
  test.each([{ sku: "a" }])("$sku", ({ sku }) => expect(sku).toHaveLength(1));
  test.todo("silver");
});
