// The globals of test files, and what runs them. Each test runs in modules of its own: the file is run again, which makes this list
// again, and then the test of that index. What a test checks is said in the words that JavaScript people know.
const host = __crosswalk_tests;
const MAX_DIFFS = 50, MAX_DEPTH = 200;
const { isArray } = Array;

// --- describe, test ---

const tests = [];
let suite = { names: [], before: [], after: [], skip: false, only: false }, running = false, pending = [];

const called = (what, name, f) => {
  if (running) throw new TypeError(what + " stands inside of a test: tests cannot be nested");
  if (typeof name !== "string") throw new TypeError(what + " takes a name, a text, first");
  if (typeof f !== "function") throw new TypeError(what + " takes a function after its name");
};

function declare(how, name, options, f) {
  if (f === undefined && typeof options === "function") f = options, options = {};
  if (typeof options === "function" || typeof f === "number") f = [options, options = {}][0]; // a limit of time is the machine's
  called("test", name, f);
  const { now } = options ?? {};
  if (now !== undefined && typeof now !== "string") throw new TypeError("test takes {now: an instant in RFC 3339} as its options");
  tests.push({
    names: [...suite.names, name], f, now, before: suite.before, after: suite.after,
    skip: how === "skip" || suite.skip, only: how === "only" || suite.only, pos: host.here(),
  });
}

function group(how, name, f) {
  called("describe", name, f);
  const outer = suite;
  suite = {
    names: [...outer.names, name], before: [...outer.before], after: [...outer.after], skip: outer.skip || how === "skip", only: outer.only || how === "only",
  };
  const made = f();
  suite = outer;
  if (made !== undefined && made !== null && typeof made.then === "function") throw new TypeError("describe takes no async function: await in the tests");
}

// each makes a test of every row, whose values are the arguments; %s and the like in the name are values of the row.
const each = (make) => (rows, ...rest) => {
  if (!isArray(rows) || rest.length > 0) throw new TypeError("each takes a list of rows: test.each([[1, 2], [3, 4]])(name, f)");
  return (name, ...args) => rows.forEach((row, index) => {
    const values = isArray(row) ? row : [row], f = args.pop();
    make(named(name, values, index), ...args, typeof f === "function" ? () => f(...values) : f);
    args.push(f);
  });
};

function named(name, values, index) {
  let next = 0;
  return String(name).replace(/%([sdifjpo#%])|\$([A-Za-z_][A-Za-z_0-9.]*)/g, (all, form, path) => {
    if (form === "%") return "%";
    if (form === "#") return String(index);
    if (form !== undefined) return next < values.length ? plainly(values[next++]) : all;
    const member = path.split(".").reduce((value, key) => (value === undefined || value === null ? undefined : value[key]), values[0]);
    return member === undefined ? all : plainly(member);
  });
}

const plainly = (value) => (typeof value === "string" ? value : show(value));

export const test = (name, options, f) => declare("", name, options, f);
test.skip = (name, options, f) => declare("skip", name, options, f);
test.only = (name, options, f) => declare("only", name, options, f);
test.todo = (name) => declare("skip", name, () => {});
test.each = each(test);
export const it = test;

export const describe = (name, f) => group("", name, f);
describe.skip = (name, f) => group("skip", name, f);
describe.only = (name, f) => group("only", name, f);
describe.each = each(describe);

const hook = (list, what) => (f) => {
  if (typeof f !== "function") throw new TypeError(what + " takes a function");
  suite[list].push(f);
};
export const beforeEach = hook("before", "beforeEach");
export const afterEach = hook("after", "afterEach");
const once = (what, instead) => () => { throw new TypeError(what + ": every test starts with modules of its own, so nothing lasts from one to the next: write " + instead); };
export const beforeAll = once("beforeAll", "beforeEach");
export const afterAll = once("afterAll", "afterEach");

export function __crosswalk_list() {
  const only = tests.some((t) => t.only);
  return tests.map((t) => ({ names: t.names, pos: t.pos, now: t.now, skip: t.skip || (only && !t.only) }));
}

export async function __crosswalk_run(index) {
  const t = tests[index.toNumber()];
  running = true;
  try {
    try {
      for (const f of t.before) await f();
      await t.f();
      while (pending.length > 0) await pending.shift();
    } finally {
      for (const f of [...t.after].reverse()) await f();
    }
  } catch (e) {
    if (e instanceof CheckFailed) return e.report;
    throw e;
  }
  return null;
}

// --- comparing ---

export function show(value, depth = 0) {
  if (value === undefined) return "undefined";
  if (host.isDecimal(value)) return String(value);
  switch (typeof value) {
    case "function": return value.name ? "function " + value.name : "a function";
    case "symbol": return String(value);
    case "number": return Object.is(value, -0) ? "-0" : String(value);
    case "object":
      if (value instanceof Expected) return value.text;
      if (value instanceof Error) return value.name + ": " + value.message;
      if (value instanceof RegExp) return String(value);
      if (value instanceof Map) return "Map " + show([...value], depth);
      if (value instanceof Set) return "Set " + show([...value], depth);
      if (value === null || value instanceof Date) break;
      if (depth > 8) return "...";
      if (isArray(value)) return "[" + value.map((item) => show(item, depth + 1)).join(",") + "]";
      return "{" + Object.keys(value).map((key) => JSON.stringify(key) + ":" + show(value[key], depth + 1)).join(",") + "}";
  }
  return JSON.stringify(value);
}

const isNumeric = (value) => typeof value === "number" || host.isDecimal(value);

// same tells whether two values are one, or numbers of the same exact value.
function same(got, want) {
  if (Object.is(got, want)) return true;
  if (!host.isDecimal(got) && !host.isDecimal(want) || !isNumeric(got) || !isNumeric(want)) return false;
  return host.isDecimal(got) ? got.eq(want) : want.eq(got);
}

// compare notes each place where got is not want. how: equal takes undefined for missing, strict does not and wants numbers written
// alike, match looks at the members of want alone.
function compare(got, want, how, path, out, depth) {
  if (out.length >= MAX_DIFFS) return out;
  const differ = (hint) => { out.push({ path, want: show(want), got: show(got), hint }); return out; };
  if (depth > MAX_DEPTH) return differ("nested too deep");
  if (want instanceof Expected) return want.matches(got) ? out : differ();
  if (host.isDecimal(got) || host.isDecimal(want)) {
    if (how === "strict" && isNumeric(got) && isNumeric(want)) {
      if (typeof got !== typeof want) return differ("one is a decimal, the other a number of JavaScript");
      return String(got) === String(want) ? out : differ();
    }
    if (same(got, want)) return out;
    return differ(typeof got === "string" || typeof want === "string" ? "one is a text, the other a decimal" : undefined);
  }
  if (Object.is(got, want)) return out;
  if (got === null || want === null || typeof got !== "object" || typeof want !== "object" || isArray(got) !== isArray(want)) return differ();
  if (isArray(got)) {
    for (let i = 0; i < Math.max(got.length, want.length); i++) {
      const at = path + "[" + i + "]";
      if (i >= got.length) out.push({ path: at, want: show(want[i]), got: "" });
      else if (i >= want.length) out.push({ path: at, want: "", got: show(got[i]) });
      else compare(got[i], want[i], how, at, out, depth + 1);
      if (out.length >= MAX_DIFFS) break;
    }
    return out;
  }
  for (const [kind, text] of [[Date, (x) => x.toJSON()], [RegExp, String], [Error, show]]) {
    if (got instanceof kind || want instanceof kind) return got instanceof kind && want instanceof kind && text(got) === text(want) ? out : differ();
  }
  for (const kind of [Map, Set]) {
    if (got instanceof kind || want instanceof kind) {
      return got instanceof kind && want instanceof kind ? compare([...got], [...want], how, path, out, depth + 1) : differ();
    }
  }
  if (how === "strict" && Object.getPrototypeOf(got) !== Object.getPrototypeOf(want)) return differ("they are of different classes");
  const keys = Object.keys(want);
  if (how !== "match") for (const key of Object.keys(got)) if (!Object.prototype.hasOwnProperty.call(want, key)) keys.push(key);
  for (const key of keys) {
    const at = /^[A-Za-z_$][A-Za-z_$0-9]*$/.test(key) ? (path === "" ? key : path + "." + key) : path + "[" + JSON.stringify(key) + "]";
    const has = Object.prototype.hasOwnProperty.call(got, key), wanted = Object.prototype.hasOwnProperty.call(want, key);
    if (has && wanted) compare(got[key], want[key], how, at, out, depth + 1);
    else if (how !== "strict" && (has ? got[key] : want[key]) === undefined) continue;
    else out.push({ path: at, want: wanted ? show(want[key]) : "", got: has ? show(got[key]) : "" });
  }
  return out;
}

const differences = (got, want, how) => compare(got, want, how, "", [], 0);

// Expected is what is expected where no single value is: expect.any(Number).
class Expected {
  constructor(text, matches) {
    this.text = text;
    this.matches = matches;
  }
}

// --- expect ---

class CheckFailed extends Error {
  constructor(message, diffs) {
    super(message);
    this.name = "CheckFailed";
    this.report = { message, diffs: diffs ?? [], pos: host.here() };
  }
}

const ordered = (name, word, test) => ({
  check: (got, want) => {
    if (!isNumeric(got) || !isNumeric(want)) throw new TypeError(name + " compares numbers and decimals, and got " + show(got) + " and " + show(want));
    const order = host.isDecimal(got) ? got.cmp(want) : host.isDecimal(want) ? -want.cmp(got) : got < want ? -1 : got > want ? 1 : got === want ? 0 : NaN;
    return { pass: test(order), text: (not) => show(got) + (not ? " is " : " is not ") + word + " " + show(want) };
  },
});

const compared = (how) => ({
  check: (got, want) => {
    const diffs = differences(got, want, how);
    return { pass: diffs.length === 0, diffs, text: (not) => (not ? "it is " + show(got) : diffs.length === 1 ? "there is a difference" : "there are " + diffs.length + " differences") };
  },
});

const simple = (test, word) => ({ check: (got) => ({ pass: test(got), text: (not) => show(got) + (not ? " is " : " is not ") + word }) });

const truth = (want, word) => ({
  check: (got) => {
    if (host.isDecimal(got)) throw new TypeError("a decimal is an object and always true: write expect(x.isZero()).toBe(false)");
    return { pass: !!got === want, text: (not) => show(got) + (not ? " is " : " is not ") + word };
  },
});

const withKind = (value) => (value === null ? "null" : isArray(value) ? "a list" : typeof value);

const fits = (text, want) => (want instanceof RegExp ? want.test(text) : text.indexOf(want) >= 0);

function hasThrown(thrown, want) {
  if (want === undefined) return true;
  if (typeof want === "function") return thrown instanceof want;
  const message = String(thrown !== null && typeof thrown === "object" && "message" in thrown ? thrown.message : thrown);
  if (want instanceof Error) return message === want.message;
  if (want instanceof Expected) return want.matches(thrown);
  if (typeof want !== "string" && !(want instanceof RegExp)) throw new TypeError("toThrow takes a text, a pattern, an error or its class");
  return fits(message, want);
}

const matchers = {
  toBe: {
    check: (got, want) => {
      if (same(got, want)) return { pass: true, text: () => "it is " + show(got) };
      const alike = differences(got, want, "equal").length === 0;
      const hint = alike ? "they look alike but are two objects: toEqual compares what is in them"
        : host.isDecimal(got) && typeof want === "string" || host.isDecimal(want) && typeof got === "string" ? "one is a text, the other a decimal" : undefined;
      return { pass: false, diffs: [{ path: "", want: show(want), got: show(got), hint }], text: () => "it is something else" };
    },
  },
  toEqual: compared("equal"),
  toStrictEqual: compared("strict"),
  toMatchObject: {
    check: (got, want) => {
      if (want === null || typeof want !== "object" || host.isDecimal(want)) throw new TypeError("toMatchObject takes an object or a list");
      return compared("match").check(got, want);
    },
  },
  toContain: {
    check: (got, want) => {
      const word = (not) => show(got) + (not ? " contains " : " does not contain ") + show(want);
      if (typeof got === "string") {
        if (typeof want !== "string") throw new TypeError("a text contains texts, and " + show(want) + " is none");
        return { pass: got.indexOf(want) >= 0, text: word };
      }
      if (got === null || got === undefined || typeof got[Symbol.iterator] !== "function") throw new TypeError("toContain looks into a text, a list or a set, and got " + show(got));
      return { pass: [...got].some((item) => same(item, want)), text: word };
    },
  },
  toContainEqual: {
    check: (got, want) => {
      if (got === null || got === undefined || typeof got[Symbol.iterator] !== "function") throw new TypeError("toContainEqual looks into a list or a set, and got " + show(got));
      return {
        pass: [...got].some((item) => differences(item, want, "equal").length === 0), text: (not) => show(got) + (not ? " contains " : " does not contain ") + show(want),
      };
    },
  },
  toHaveLength: {
    check: (got, want) => {
      const length = got === null || got === undefined ? undefined : got.length;
      if (typeof length !== "number") throw new TypeError("toHaveLength is for texts and lists, and got " + withKind(got));
      return { pass: same(length, want), text: (not) => (not ? "its length is " + length : "its length is " + length + ", not " + show(want)) };
    },
  },
  toHaveProperty: {
    check: (got, path, ...value) => {
      const keys = isArray(path) ? path : String(path).replace(/\[(\d+)\]/g, ".$1").split(".");
      let at = got, has = true;
      for (const key of keys) {
        has = at !== null && at !== undefined && key in Object(at);
        if (!has) break;
        at = at[key];
      }
      const diffs = has && value.length > 0 ? differences(at, value[0], "equal") : [];
      return {
        pass: has && diffs.length === 0, diffs, text: (not) => (has ? (not || diffs.length === 0 ? "it has " : "another value at ") : "it has no ") + keys.join("."),
      };
    },
  },
  toThrow: {
    check: (got, want) => {
      if (typeof got !== "function") throw new TypeError("toThrow takes a function: expect(() => f(x)).toThrow()");
      let thrown, threw = false;
      try {
        const made = got();
        if (made !== undefined && made !== null && typeof made.then === "function") throw new CheckFailed("the function returned a promise: write await expect(f()).rejects.toThrow()");
      } catch (e) {
        if (e instanceof CheckFailed) throw e;
        thrown = e;
        threw = true;
      }
      return thrownAs(threw, thrown, want);
    },
  },
  toMatch: {
    check: (got, want) => {
      if (typeof got !== "string") throw new TypeError("toMatch is for texts, and got " + show(got));
      return { pass: fits(got, want), text: (not) => show(got) + (not ? " matches " : " does not match ") + show(want) };
    },
  },
  toBeCloseTo: {
    check: (got, want, digits = 2) => {
      if (host.isDecimal(got) || host.isDecimal(want)) {
        throw new TypeError("toBeCloseTo is for numbers that are not exact, and decimals are: write expect(x).toBe(19.1), or round it first with x.round(2)");
      }
      if (typeof got !== "number" || typeof want !== "number") throw new TypeError("toBeCloseTo compares numbers, and got " + show(got) + " and " + show(want));
      return { pass: got === want || Math.abs(got - want) < 10 ** -digits / 2, text: (not) => show(got) + (not ? " is" : " is not") + " within " + digits + " digits of " + show(want) };
    },
  },
  toBeGreaterThan: ordered("toBeGreaterThan", "greater than", (order) => order > 0),
  toBeGreaterThanOrEqual: ordered("toBeGreaterThanOrEqual", "at least", (order) => order >= 0),
  toBeLessThan: ordered("toBeLessThan", "less than", (order) => order < 0),
  toBeLessThanOrEqual: ordered("toBeLessThanOrEqual", "at most", (order) => order <= 0),
  toBeTruthy: truth(true, "truthy"),
  toBeFalsy: truth(false, "falsy"),
  toBeNull: simple((got) => got === null, "null"),
  toBeUndefined: simple((got) => got === undefined, "undefined"),
  toBeDefined: simple((got) => got !== undefined, "defined"),
  toBeNaN: simple((got) => Number.isNaN(got), "NaN"),
  toBeInstanceOf: {
    check: (got, want) => {
      if (typeof want !== "function") throw new TypeError("toBeInstanceOf takes a class");
      return { pass: got instanceof want, text: (not) => show(got) + (not ? " is" : " is not") + " of class " + want.name };
    },
  },
};
matchers.toThrowError = matchers.toThrow;

function thrownAs(threw, thrown, want) {
  return {
    pass: threw && hasThrown(thrown, want),
    text: (not) => (threw ? "it threw " + show(thrown) + (not || want === undefined ? "" : ", not " + show(want)) : "it threw nothing"),
  };
}

const settled = (got, word, rejects) => {
  if (got === null || got === undefined || typeof got.then !== "function") throw new TypeError(word + " takes a promise, and got " + show(got));
  return got.then(
    (value) => { if (rejects) throw new CheckFailed("expect(...).rejects: the promise gave " + show(value)); return value; },
    (e) => { if (!rejects) throw new CheckFailed("expect(...).resolves: the promise was rejected with " + show(e)); return e; },
  );
};

// words makes the matchers for a value, or for what a promise gives.
function words(got, prefix, not, wait) {
  const out = {};
  for (const name of Object.keys(matchers)) {
    out[name] = (...args) => {
      const judge = (value) => {
        const result = wait === "rejects" && (name === "toThrow" || name === "toThrowError") ? thrownAs(true, value, args[0]) : matchers[name].check(value, ...args);
        if (result.pass !== not) return;
        throw new CheckFailed("expect(...)." + prefix + name + ": " + result.text(not), not ? [] : result.diffs);
      };
      if (wait === "") return judge(got);
      const promise = settled(got, wait, wait === "rejects").then(judge);
      pending.push(promise); // for who forgets to await it
      return promise;
    };
  }
  return out;
}

export function expect(got, ...more) {
  if (more.length > 0) throw new TypeError("expect takes one value, and a matcher behind it: expect(x).toBe(1)");
  const out = words(got, "", false, "");
  out.not = words(got, "not.", true, "");
  for (const wait of ["resolves", "rejects"]) {
    Object.defineProperty(out, wait, {
      get() {
        const later = words(got, wait + ".", false, wait);
        later.not = words(got, wait + ".not.", true, wait);
        return later;
      },
    });
  }
  return out;
}

const kindWords = new Map([[Number, "number"], [String, "string"], [Boolean, "boolean"], [Function, "function"]]);
expect.anything = () => new Expected("anything", (got) => got !== undefined && got !== null);
expect.any = (kind) => {
  if (typeof kind !== "function") throw new TypeError("expect.any takes a class, such as String or decimal");
  return new Expected("any " + kind.name, (got) => {
    if (kind === decimal) return host.isDecimal(got);
    if (kind === Object) return got !== null && typeof got === "object";
    return kindWords.has(kind) ? typeof got === kindWords.get(kind) : got instanceof kind;
  });
};
expect.objectContaining = (want) => new Expected("an object with " + show(want), (got) => got !== null && typeof got === "object" && differences(got, want, "match").length === 0);
expect.arrayContaining = (want) => new Expected("a list with " + show(want), (got) => isArray(got) && want.every((item) => got.some((have) => differences(have, item, "equal").length === 0)));
expect.stringContaining = (want) => new Expected("a text with " + show(want), (got) => typeof got === "string" && got.indexOf(want) >= 0);
expect.stringMatching = (want) => new Expected("a text like " + show(want), (got) => typeof got === "string" && fits(got, want));
