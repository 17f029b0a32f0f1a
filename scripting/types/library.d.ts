
// --- numbers ---

/** What stands for a number where a decimal is computed with: a decimal, a number of JavaScript that is exact, or its text. */
type Numeric = Decimal | number | string;

/** How a number is rounded. */
type Rounding = "half-up" | "half-down" | "half-even" | "up" | "down" | "ceiling" | "floor";

/**
 * An exact number. Every number of a document is one. It is an object: write `a.add(b)` for a + b, `a.gt(b)` for a > b,
 * `a.eq(b)` for a === b and `!a.isZero()` for a.
 */
interface Decimal {
  add(other: Numeric): Decimal;
  sub(other: Numeric): Decimal;
  mul(other: Numeric): Decimal;
  /** The quotient, rounded to `digits` behind the point, half up unless `rounding` says else; without `digits` up to 34 digits. */
  div(other: Numeric, digits?: Numeric, rounding?: Rounding): Decimal;
  /** The rest of a division; it has the sign of this number. */
  mod(other: Numeric): Decimal;
  /** The power with a whole exponent. */
  pow(exponent: Numeric): Decimal;
  neg(): Decimal;
  abs(): Decimal;
  /** The same number without zeros at the end of its fraction. */
  trim(): Decimal;
  /** This number with so many digits behind the point, 0 unless said; half up unless `rounding` says else. */
  round(digits?: Numeric, rounding?: Rounding): Decimal;
  eq(other: Numeric): boolean;
  lt(other: Numeric): boolean;
  lte(other: Numeric): boolean;
  gt(other: Numeric): boolean;
  gte(other: Numeric): boolean;
  /** -1, 0 or 1: less, equal, more; what Array.sort wants. */
  cmp(other: Numeric): number;
  /** -1, 0 or 1. */
  sign(): number;
  isZero(): boolean;
  isInteger(): boolean;
  /** How many digits are written behind the point. */
  scale(): number;
  /** Parts in the ratio of the weights that add up to this number, each with so many digits behind the point, 2 unless said. */
  allocate(weights: readonly Numeric[], digits?: Numeric): Decimal[];
  toString(): string;
  toLocaleString(): string;
  /** The text with so many digits behind the point, 0 unless said. */
  toFixed(digits?: Numeric, rounding?: Rounding): string;
  /** A number of JavaScript; an error where it is none exactly. */
  toNumber(): number;
  toJSON(): Decimal;
}

interface DecimalLibrary {
  (value: Numeric): Decimal;
  readonly prototype: Decimal;
  /** The sum of numbers and of lists of numbers; 0 of none. */
  sum(...numbers: (Numeric | readonly Numeric[])[]): Decimal;
  /** The least number; undefined of none. */
  min(first: Numeric, ...others: (Numeric | readonly Numeric[])[]): Decimal;
  min(...numbers: (Numeric | readonly Numeric[])[]): Decimal | undefined;
  /** The greatest number; undefined of none. */
  max(first: Numeric, ...others: (Numeric | readonly Numeric[])[]): Decimal;
  max(...numbers: (Numeric | readonly Numeric[])[]): Decimal | undefined;
  [Symbol.hasInstance](value: unknown): value is Decimal;
}

/** Makes exact numbers: `decimal("19.10")`. */
declare const decimal: DecimalLibrary;

/** What a function may return for a T: numbers of JavaScript, as long as they are exact, in the place of decimals. */
type Output<T> = T extends Decimal ? Decimal | number
  : T extends readonly (infer E)[] ? Output<E>[]
  : T extends (...args: never[]) => unknown ? T
  : T extends object ? { [K in keyof T]: Output<T[K]> }
  : T;

// --- dates ---

interface DateParts {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  /** 1 is Monday, 7 is Sunday. */
  weekday: number;
}

/** Instants are texts as RFC 3339 writes them, 2026-11-21T10:00:00+01:00; zones are names such as Europe/Amsterdam. */
interface DateLibrary {
  /** The run's instant; an error in a run without one. */
  now(zone?: string): string;
  /** The same instant as clocks of the zone show it. */
  in(instant: string, zone?: string): string;
  /** What calendar and clock of the zone show; of the instant's own offset without one. */
  parts(instant: string, zone?: string): DateParts;
  /** The instant at which calendar and clock of the zone show these; UTC without one. */
  of(parts: { year: Numeric; month?: Numeric; day?: Numeric; hour?: Numeric; minute?: Numeric; second?: Numeric }, zone?: string): string;
  /** A month after January 31 is the last of February. */
  add(
    instant: string,
    span: { years?: Numeric; months?: Numeric; days?: Numeric; hours?: Numeric; minutes?: Numeric; seconds?: Numeric },
    zone?: string,
  ): string;
  /** -1, 0 or 1: before, at the same time, after. */
  compare(a: string, b: string): number;
  secondsBetween(from: string, to: string): Decimal;
}

declare const date: DateLibrary;

// --- log and hashes ---

interface LogLibrary {
  debug(message: unknown, data?: unknown): void;
  info(message: unknown, data?: unknown): void;
  warn(message: unknown, data?: unknown): void;
  error(message: unknown, data?: unknown): void;
}

declare const log: LogLibrary;

type HashEncoding = "hex" | "base64" | "base64url";

interface CryptoLibrary {
  md5(text: string, encoding?: HashEncoding): string;
  sha1(text: string, encoding?: HashEncoding): string;
  sha256(text: string, encoding?: HashEncoding): string;
  sha512(text: string, encoding?: HashEncoding): string;
  hmac(hash: "md5" | "sha1" | "sha256" | "sha512", key: string, text: string, encoding?: HashEncoding): string;
}

/** Hashes of texts in UTF-8, written as hex unless said. */
declare const crypto: CryptoLibrary;
