
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

// --- tests: what files *.test.ts have besides ---

/** What a value is compared with where no single value is meant. */
interface Expected {
  readonly text: string;
}

/** The checks of a value; R is what a check gives. */
interface Matchers<R> {
  /** The same value; numbers and decimals of the same exact value are. */
  toBe(expected: unknown): R;
  /** The same in all that is in it; undefined is as good as missing. */
  toEqual(expected: unknown): R;
  /** As toEqual, and numbers are written alike, nothing is undefined, classes are the same. */
  toStrictEqual(expected: unknown): R;
  /** The members of `expected` are equal; others may be there. */
  toMatchObject(expected: object): R;
  /** A text has that text in it, a list that element. */
  toContain(item: unknown): R;
  toContainEqual(item: unknown): R;
  toHaveLength(length: Decimal | number): R;
  /** `path` is "lines[0].sku" or a list of names. */
  toHaveProperty(path: string | readonly (string | number)[], value?: unknown): R;
  /** The value is a function that throws: an error with that text in its message, that fits a pattern, or of a class. */
  toThrow(expected?: string | RegExp | Error | Expected | (new (...args: any[]) => unknown)): R;
  toThrowError(expected?: string | RegExp | Error | Expected | (new (...args: any[]) => unknown)): R;
  toMatch(expected: string | RegExp): R;
  /** For numbers of JavaScript that are not exact; 2 digits unless said. */
  toBeCloseTo(expected: number, digits?: number): R;
  toBeGreaterThan(expected: Decimal | number): R;
  toBeGreaterThanOrEqual(expected: Decimal | number): R;
  toBeLessThan(expected: Decimal | number): R;
  toBeLessThanOrEqual(expected: Decimal | number): R;
  toBeTruthy(): R;
  toBeFalsy(): R;
  toBeNull(): R;
  toBeUndefined(): R;
  toBeDefined(): R;
  toBeNaN(): R;
  toBeInstanceOf(kind: Function): R;
}

interface NegatableMatchers<R> extends Matchers<R> {
  readonly not: Matchers<R>;
}

interface Expectation extends NegatableMatchers<void> {
  /** The checks of what a promise gives. */
  readonly resolves: NegatableMatchers<Promise<void>>;
  /** The checks of what a promise is rejected with. */
  readonly rejects: NegatableMatchers<Promise<void>>;
}

interface ExpectLibrary {
  (value: unknown): Expectation;
  anything(): Expected;
  /** Any value of a class: String, Number, decimal. */
  any(kind: Function | DecimalLibrary): Expected;
  objectContaining(members: object): Expected;
  arrayContaining(items: readonly unknown[]): Expected;
  stringContaining(text: string): Expected;
  stringMatching(pattern: string | RegExp): Expected;
}

declare const expect: ExpectLibrary;

interface TestOptions {
  /** The instant of the run in RFC 3339, for date.now(). */
  now?: string;
}

interface DeclareTest {
  (name: string, test: () => unknown): void;
  (name: string, options: TestOptions, test: () => unknown): void;
}

interface DeclareEach<F> {
  /** One for every row, whose values are the arguments; %s in the name is a value, $name a member of the first. */
  <T extends readonly unknown[] | readonly [unknown]>(rows: readonly T[]): (name: string, f: (...row: [...T]) => F) => void;
  <T>(rows: readonly T[]): (name: string, f: (row: T) => F) => void;
}

interface TestLibrary extends DeclareTest {
  skip: DeclareTest;
  only: DeclareTest;
  todo(name: string): void;
  each: DeclareEach<unknown>;
}

interface DescribeLibrary {
  (name: string, tests: () => void): void;
  skip(name: string, tests: () => void): void;
  only(name: string, tests: () => void): void;
  each: DeclareEach<void>;
}

declare const test: TestLibrary;
declare const it: TestLibrary;
declare const describe: DescribeLibrary;
declare function beforeEach(f: () => unknown): void;
declare function afterEach(f: () => unknown): void;
