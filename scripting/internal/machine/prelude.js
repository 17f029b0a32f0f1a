// Runs once in each new machine, before any script. It takes away what can reach out or allocate without bound,
// gives the library, and freezes everything that scripts share, so that no call leaves anything for the next.
(function (host) {
  "use strict";
  const { apply, construct, defineProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;
  const { isArray } = Array;
  const { freeze } = Object;
  const MAX_ITEMS = host.maxItems;
  const MAX_CHARS = host.maxChars;
  const tooMany = () => { throw new RangeError("more than " + MAX_ITEMS + " elements"); };
  const tooLong = () => { throw new RangeError("a text of more than " + MAX_CHARS + " characters"); };
  const hide = (object, name, value) => defineProperty(object, name, { value, writable: true, enumerable: false, configurable: true });

  // method puts what make gives in the place of a built-in; it has the old name and takes as many arguments.
  function method(object, name, make) {
    const original = object[name];
    if (typeof original !== "function") return;
    const wrapped = make(original);
    defineProperty(wrapped, "name", { value: typeof name === "symbol" ? original.name : name, configurable: true });
    defineProperty(wrapped, "length", { value: original.length, configurable: true });
    hide(object, name, wrapped);
  }

  // --- what scripts do not have ---
  for (const name of [
    "ArrayBuffer", "SharedArrayBuffer", "DataView", "Atomics", "Int8Array", "Uint8Array", "Uint8ClampedArray", "Int16Array", "Uint16Array", "Int32Array",
    "Uint32Array", "Float16Array", "Float32Array", "Float64Array", "BigInt64Array", "BigUint64Array", "BigInt", "Proxy", "WeakRef", "FinalizationRegistry", "eval",
  ]) delete globalThis[name];

  // --- code from text ---
  const noCode = (prototype, name) => {
    const refuse = function () { throw new TypeError("scripts cannot make code from text"); };
    defineProperty(refuse, "name", { value: name, configurable: true });
    defineProperty(refuse, "prototype", { value: prototype, writable: false });
    defineProperty(prototype, "constructor", { value: refuse, writable: true, enumerable: false, configurable: true });
    return refuse;
  };
  hide(globalThis, "Function", noCode(Function.prototype, "Function"));
  const hidden = [function* () {}, async function () {}].map(getPrototypeOf);
  noCode(hidden[0], "GeneratorFunction");
  noCode(hidden[1], "AsyncFunction");

  // --- arrays ---
  // A sparse array can say that it is 4e9 long without using memory, and the built-ins then walk all of it where
  // nothing can interrupt them.
  const list = (value) => {
    if (isArray(value)) {
      if (value.length > MAX_ITEMS) tooMany();
      return value;
    }
    if (value === null || value === undefined) throw new TypeError("null and undefined have no elements");
    const length = Math.min(Math.max(Math.trunc(Number(value.length)) || 0, 0), MAX_ITEMS + 1);
    if (length > MAX_ITEMS) tooMany();
    const copy = [];
    for (let i = 0; i < length; i++) copy[i] = value[i];
    return copy;
  };
  const checked = (original) => ({ m(...args) { return apply(original, list(this), args); } }).m;
  for (const name of [
    "fill", "indexOf", "lastIndexOf", "includes", "reverse", "slice", "splice", "copyWithin", "sort", "toLocaleString", "keys", "entries", "unshift", "shift",
    "with", "toSorted", "toReversed", "toSpliced", "forEach", "map", "filter", "some", "every", "find", "findIndex", "findLast", "findLastIndex", "reduce", "reduceRight",
  ]) method(Array.prototype, name, checked);
  method(Array.prototype, "join", (original) => ({
    join(separator) {
      const items = list(this), between = separator === undefined ? "," : String(separator), texts = [];
      let chars = Math.max(items.length - 1, 0) * between.length;
      for (let i = 0; i < items.length; i++) {
        const item = items[i];
        const text = item === null || item === undefined ? "" : typeof item === "string" ? item : String(item);
        if ((chars += text.length) > MAX_CHARS) tooLong();
        texts[i] = text;
      }
      return apply(original, texts, [between]);
    },
  }).join);
  method(Array.prototype, "concat", (original) => ({
    concat(...args) {
      const parts = [this, ...args].map(spread);
      let items = 0;
      for (const part of parts) if ((items += isArray(part) ? part.length : 1) > MAX_ITEMS) tooMany();
      return apply(original, parts[0], parts.slice(1));
    },
  }).concat);
  // What says of itself that concat spreads it is made a list first: it can be of any length.
  const spread = (part) => part !== null && typeof part === "object" && !isArray(part) && part[Symbol.isConcatSpreadable] ? list(part) : part;
  const flatInto = (out, items, depth) => {
    for (const item of list(items)) {
      if (depth > 0 && isArray(item)) flatInto(out, item, depth - 1);
      else if (out.push(item) > MAX_ITEMS) tooMany();
    }
    return out;
  };
  method(Array.prototype, "flat", () => ({ flat(depth) { return flatInto([], this, depth === undefined ? 1 : Math.trunc(Number(depth)) || 0); } }).flat);
  method(Array.prototype, "flatMap", () => ({
    flatMap(f, self) { return flatInto([], list(this).map((item, i, all) => apply(f, self, [item, i, all])), 1); },
  }).flatMap);

  const NativeArray = Array;
  const CappedArray = function Array(...args) {
    if (args.length === 1 && typeof args[0] === "number" && args[0] > MAX_ITEMS) tooMany();
    return construct(NativeArray, args, new.target === undefined ? CappedArray : new.target);
  };
  for (const key of ownKeys(NativeArray)) {
    const property = getOwnPropertyDescriptor(NativeArray, key);
    if (key === "prototype" || property.configurable) defineProperty(CappedArray, key, property);
  }
  defineProperty(CappedArray, "length", { value: 1, configurable: true });
  hide(NativeArray.prototype, "constructor", CappedArray);
  hide(globalThis, "Array", CappedArray);
  hide(CappedArray, "from", {
    from(items, map, self) {
      if (items === null || items === undefined) throw new TypeError("null and undefined have no elements");
      const out = typeof this === "function" && this !== CappedArray ? new this() : [];
      let i = 0;
      const add = (item) => {
        if (i >= MAX_ITEMS) tooMany();
        out[i] = map === undefined ? item : apply(map, self, [item, i]);
        i++;
      };
      if (items[Symbol.iterator] !== undefined && items[Symbol.iterator] !== null) for (const item of items) add(item);
      else for (const item of list({ length: items.length })) { void item; add(items[i]); }
      return out;
    },
  }.from);

  // --- texts ---
  method(String.prototype, "repeat", (original) => ({
    repeat(count) {
      if (String(this).length * Number(count) > MAX_CHARS) tooLong();
      return apply(original, this, [count]);
    },
  }).repeat);
  for (const name of ["padStart", "padEnd"]) method(String.prototype, name, (original) => ({
    m(length, fill) {
      if (Number(length) > MAX_CHARS) tooLong();
      return apply(original, this, fill === undefined ? [length] : [length, fill]);
    },
  }).m);
  method(String.prototype, "concat", (original) => ({
    concat(...args) {
      let chars = String(this).length;
      for (const arg of args) if ((chars += String(arg).length) > MAX_CHARS) tooLong();
      return apply(original, this, args);
    },
  }).concat);
  method(String.prototype, "split", (original) => ({
    split(separator, limit) {
      const parts = apply(original, this, [separator, limit === undefined ? MAX_ITEMS + 1 : limit]);
      if (parts.length > MAX_ITEMS) tooMany();
      return parts;
    },
  }).split);
  // limited replaces by the native function of call, and counts how the text grows.
  const limited = (text, by, call) => {
    let chars = text.length;
    const add = (piece) => {
      if ((chars += piece.length) > MAX_CHARS) tooLong();
      return piece;
    };
    if (typeof by === "function") return call((...match) => add(String(apply(by, undefined, match))));
    const piece = String(by);
    const references = piece.indexOf("$") >= 0;
    if ((text.length + 1) * piece.length * (references ? text.length + 1 : 1) + chars <= MAX_CHARS) return call(piece);
    if (references) tooLong();
    return call(() => add(piece));
  };
  const counted = (original) => ({
    m(pattern, by) {
      const text = String(this);
      if (pattern instanceof RegExp) return apply(original, text, [pattern, by]); // counts by its own method
      return limited(text, by, (by) => apply(original, text, [pattern, by]));
    },
  }).m;
  method(RegExp.prototype, Symbol.replace, (original) => ({
    m(text, by) {
      text = String(text);
      return limited(text, by, (by) => apply(original, this, [text, by]));
    },
  }).m);
  method(RegExp.prototype, Symbol.split, (original) => ({
    m(text, limit) {
      const parts = apply(original, this, [text, limit === undefined ? MAX_ITEMS + 1 : limit]);
      if (parts.length > MAX_ITEMS) tooMany();
      return parts;
    },
  }).m);
  method(String.prototype, "replace", counted);
  method(String.prototype, "replaceAll", counted);
  method(String, "raw", (original) => ({
    raw(strings, ...args) {
      list(strings.raw);
      return apply(original, String, [strings, ...args]);
    },
  }).raw);

  // --- calls with a list of arguments ---
  const someArguments = (args) => {
    if (args === null || typeof args !== "object" && typeof args !== "function" || isArray(args) && args.length <= 65535) return args;
    const length = Math.trunc(Number(args.length)) || 0, copy = []; // asked once: it may be another one the next time
    if (length > 65535) throw new RangeError("more than 65535 arguments");
    for (let i = 0; i < length; i++) copy[i] = args[i];
    return copy;
  };
  method(Function.prototype, "apply", (original) => ({ apply(self, args) { return apply(original, this, [self, someArguments(args)]); } }).apply);
  hide(Reflect, "apply", { apply(f, self, args) { return apply(f, self, someArguments(args)); } }.apply);
  hide(Reflect, "construct", { construct(f, args, target) { return construct(f, someArguments(args), target === undefined ? f : target); } }.construct);

  // --- regular expressions: those that backtrack are refused where they are written, and here where they are made ---
  const NativeRegExp = RegExp;
  const SafeRegExp = function RegExp(pattern, flags) {
    const from = pattern instanceof NativeRegExp ? pattern.source : pattern === undefined ? "" : String(pattern);
    const how = flags === undefined ? (pattern instanceof NativeRegExp ? pattern.flags : "") : String(flags);
    host.checkPattern(from, how);
    return construct(NativeRegExp, [from, how], new.target === undefined ? SafeRegExp : new.target);
  };
  for (const key of ownKeys(NativeRegExp)) {
    const property = getOwnPropertyDescriptor(NativeRegExp, key);
    if (key === "prototype" || property.configurable) defineProperty(SafeRegExp, key, property);
  }
  hide(NativeRegExp.prototype, "constructor", SafeRegExp);
  hide(globalThis, "RegExp", SafeRegExp);
  delete NativeRegExp.prototype.compile;
  for (const [name, flags] of [["match", ""], ["matchAll", "g"], ["search", ""]]) method(String.prototype, name, (original) => ({
    m(pattern) { return apply(original, this, [pattern instanceof NativeRegExp ? pattern : new SafeRegExp(pattern, flags)]); },
  }).m);

  // --- dates: the clock is the run's, and there is no local zone ---
  const NativeDate = Date;
  const zoned = /^\d{4}(-\d\d(-\d\d)?)?$|^[-+]?\d{4,6}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[-+]\d\d:\d\d)$/;
  const instant = (text) => {
    if (!zoned.test(text)) throw new RangeError("a date without a zone, or one that is not written as in RFC 3339 (2026-11-21T10:00:00+01:00)");
    return NativeDate.parse(text);
  };
  const UTCDate = function Date(...args) {
    if (new.target === undefined) return new NativeDate(host.now()).toISOString();
    let time;
    if (args.length === 0) time = host.now();
    else if (args.length > 1) time = NativeDate.UTC(...args);
    else if (args[0] instanceof NativeDate) time = args[0].getTime();
    else if (typeof args[0] === "string") time = instant(args[0]);
    else time = Number(args[0]);
    return construct(NativeDate, [time], new.target);
  };
  defineProperty(UTCDate, "prototype", { value: NativeDate.prototype, writable: false });
  hide(UTCDate, "now", { now() { return host.now(); } }.now);
  hide(UTCDate, "parse", { parse(text) { return instant(String(text)); } }.parse);
  hide(UTCDate, "UTC", NativeDate.UTC);
  hide(NativeDate.prototype, "constructor", UTCDate);
  hide(globalThis, "Date", UTCDate);
  for (const unit of ["FullYear", "Month", "Date", "Day", "Hours", "Minutes", "Seconds", "Milliseconds"]) {
    method(NativeDate.prototype, "get" + unit, () => NativeDate.prototype["getUTC" + unit]);
    if (unit !== "Day") method(NativeDate.prototype, "set" + unit, () => NativeDate.prototype["setUTC" + unit]);
  }
  hide(NativeDate.prototype, "getTimezoneOffset", { getTimezoneOffset() { return 0; } }.getTimezoneOffset);
  for (const name of ["toString", "toLocaleString"]) hide(NativeDate.prototype, name, { m() { return this.toISOString(); } }.m);
  for (const name of ["toDateString", "toLocaleDateString"]) hide(NativeDate.prototype, name, { m() { return this.toISOString().slice(0, 10); } }.m);
  for (const name of ["toTimeString", "toLocaleTimeString"]) hide(NativeDate.prototype, name, { m() { return this.toISOString().slice(11); } }.m);
  delete NativeDate.prototype.getYear;
  delete NativeDate.prototype.setYear;

  // --- JSON: numbers stay exact, and neither way can be made to recurse without end ---
  const revive = (holder, key, reviver) => {
    const value = holder[key];
    if (value !== null && typeof value === "object" && !host.isDecimal(value)) {
      for (const name of Object.keys(value)) {
        const made = revive(value, name, reviver);
        if (made === undefined) delete value[name];
        else value[name] = made;
      }
    }
    return apply(reviver, holder, [key, value]);
  };
  hide(JSON, "parse", {
    parse(text, reviver) {
      const value = host.parseJSON(String(text));
      return typeof reviver === "function" ? revive({ "": value }, "", reviver) : value;
    },
  }.parse);
  hide(JSON, "stringify", {
    stringify(value, replacer, space) {
      if (typeof replacer === "function" || isArray(replacer)) throw new TypeError("JSON.stringify takes no replacer here: build the value that is to be written");
      return host.toJSON(value, typeof space === "number" ? " ".repeat(Math.min(space, 10)) : typeof space === "string" ? space.slice(0, 10) : "");
    },
  }.stringify);

  // --- the library ---
  for (const name of ownKeys(host.library)) hide(globalThis, name, host.library[name]);
  const { Decimal } = host;
  hide(Decimal, "toJSON", { toJSON() { return this; } }.toJSON);
  hide(Decimal, "constructor", globalThis.decimal);
  hide(globalThis.decimal, "prototype", Decimal);
  defineProperty(globalThis.decimal, Symbol.hasInstance, { value: (x) => host.isDecimal(x) });

  // --- nothing that scripts share can be changed ---
  // Assigning obj.toString = f must go on working though Object.prototype.toString is frozen: for the prototypes on
  // which people do that, the property becomes a pair of functions that gives the value and defines it on obj.
  const overridable = (prototype) => {
    for (const key of ownKeys(prototype)) {
      const property = getOwnPropertyDescriptor(prototype, key);
      if (!property.configurable || !("value" in property) || key === "__proto__") continue;
      const { value } = property;
      defineProperty(prototype, key, {
        get() { return value; },
        set(other) {
          if (this === prototype) throw new TypeError("what all scripts share cannot be changed");
          defineProperty(this, key, { value: other, writable: true, enumerable: true, configurable: true });
        },
        enumerable: property.enumerable, configurable: false,
      });
    }
  };
  for (const prototype of [Object, Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError].map((c) => c.prototype)) overridable(prototype);
  if (typeof AggregateError === "function") overridable(AggregateError.prototype);
  delete Object.prototype.__defineGetter__;
  delete Object.prototype.__defineSetter__;

  const seen = new Set();
  const pending = [globalThis, hidden[0], hidden[1], hidden[0].prototype, getPrototypeOf(hidden[0].prototype), Decimal, NativeArray, NativeRegExp, NativeDate,
    getPrototypeOf([][Symbol.iterator]()), getPrototypeOf(""[Symbol.iterator]()), getPrototypeOf(new Map().entries()), getPrototypeOf(new Set().values()),
    getPrototypeOf("a".matchAll(/a/g))];
  const visit = (value) => {
    if (value !== null && (typeof value === "object" || typeof value === "function") && !seen.has(value)) {
      seen.add(value);
      pending.push(value);
    }
  };
  for (let i = 0; i < pending.length; i++) {
    const object = pending[i];
    visit(getPrototypeOf(object));
    for (const key of ownKeys(object)) {
      const property = getOwnPropertyDescriptor(object, key);
      visit(property.value);
      visit(property.get);
      visit(property.set);
    }
    freeze(object);
  }

  // freezeAll freezes what stands at the top of the user's modules, and tells whether nothing of it can change any more.
  const plain = new Set([Object.prototype, Array.prototype, Function.prototype, hidden[0], hidden[1], hidden[0].prototype, null]);
  return function freezeAll(values) {
    const done = new Set(), rest = [...values];
    let whole = true;
    for (let i = 0; i < rest.length; i++) {
      const value = rest[i];
      if (value === null || typeof value !== "object" && typeof value !== "function" || done.has(value) || seen.has(value) || host.isDecimal(value)) continue;
      done.add(value);
      if (typeof value === "object" && value instanceof NativeRegExp && !value.global && !value.sticky) { freeze(value); continue; }
      const prototype = getPrototypeOf(value);
      if (host.isLive(value) || !plain.has(prototype) && typeof value !== "function" && !done.has(prototype)) { whole = false; continue; }
      freeze(value);
      if (typeof value === "function") rest.push(prototype);
      for (const key of ownKeys(value)) {
        const property = getOwnPropertyDescriptor(value, key);
        rest.push(property.value, property.get, property.set);
      }
    }
    return whole;
  };
})
