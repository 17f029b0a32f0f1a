// The places of a JSON text: which value stands at which path, found without reading a value. Paths are written as the engine
// writes them: lines[2].sku, custom["a.b"].

export interface Place {
  path: string;
  /** Of the value. */
  from: number;
  to: number;
  /** Where the member begins: its key, or the value of an element. */
  start: number;
  /** Index of the object or list that holds it, -1 for the whole. */
  parent: number;
  leaf: boolean;
}

export class JSONPlaces {
  readonly all: Place[] = [];
  private readonly byPath = new Map<string, number>();
  private general: Map<string, number[]> | undefined;

  constructor(readonly text: string) {
    new Scanner(text, this.all).run();
    this.all.forEach((p, i) => this.byPath.set(p.path, i));
  }

  /** The innermost member or element at an offset. */
  at(offset: number): Place | undefined {
    let low = 0;
    let high = this.all.length;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (this.all[mid]!.start <= offset) low = mid + 1;
      else high = mid;
    }
    let i = low - 1;
    while (i >= 0 && this.all[i]!.to < offset) i = this.all[i]!.parent;
    const found = this.all[i];
    return found && found.path !== '' ? found : undefined;
  }

  of(path: string): Place | undefined {
    const i = this.byPath.get(path);
    return i === undefined ? undefined : this.all[i];
  }

  /** All places of a path in which [] is every element. */
  every(path: string): Place[] {
    if (!this.general) {
      this.general = new Map();
      this.all.forEach((p, i) => {
        const key = p.path.replace(/\[\d+\]/g, '[]');
        const list = this.general!.get(key);
        if (list) list.push(i);
        else this.general!.set(key, [i]);
      });
    }
    return (this.general.get(path) ?? []).map((i) => this.all[i]!);
  }

  children(path: string): Place[] {
    const parent = this.byPath.get(path);
    return parent === undefined ? [] : this.all.filter((p) => p.parent === parent);
  }
}

const space = /[ \t\n\r]*/y;
const scalar = /-?[\w.+-]+/y;

class Scanner {
  private i = 0;

  constructor(
    private readonly text: string,
    private readonly all: Place[],
  ) {}

  run() {
    this.skip();
    this.value('', this.i, -1);
  }

  private skip() {
    space.lastIndex = this.i;
    space.exec(this.text);
    this.i = space.lastIndex;
  }

  private value(path: string, start: number, parent: number) {
    const at = this.all.length;
    const place: Place = { path, start, from: this.i, to: this.i, parent, leaf: false };
    this.all.push(place);
    const c = this.text[this.i];
    if (c === '{' || c === '[') {
      this.members(path, at, c === '{');
    } else {
      place.leaf = true;
      if (c === '"') this.string();
      else {
        scalar.lastIndex = this.i;
        if (scalar.exec(this.text)) this.i = scalar.lastIndex;
      }
    }
    place.to = this.i;
  }

  private members(path: string, at: number, object: boolean) {
    this.i++;
    for (let n = 0; this.i < this.text.length; n++) {
      this.skip();
      const c = this.text[this.i];
      if (c === '}' || c === ']') {
        this.i++;
        return;
      }
      const before = this.i;
      if (c === ',') {
        this.i++;
        n--;
        continue;
      }
      if (object) {
        if (c !== '"') return; // no JSON: the rest has no place
        const name = this.string();
        this.skip();
        if (this.text[this.i] !== ':') return;
        this.i++;
        this.skip();
        this.value(member(path, name), before, at);
      } else {
        this.value(`${path}[${n}]`, before, at);
      }
      if (this.i === before) return;
    }
  }

  private string(): string {
    const start = ++this.i;
    while (this.i < this.text.length && this.text[this.i] !== '"') {
      if (this.text[this.i] === '\n') return '';
      this.i += this.text[this.i] === '\\' ? 2 : 1;
    }
    const raw = this.text.slice(start, this.i);
    this.i = Math.min(this.i + 1, this.text.length);
    return raw.includes('\\') ? unescaped(raw) : raw;
  }
}

const escapes: Record<string, string> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' };

function unescaped(raw: string): string {
  return raw.replace(/\\(u[0-9a-fA-F]{4}|.)/g, (_, e: string) =>
    e.length === 5 ? String.fromCharCode(parseInt(e.slice(1), 16)) : (escapes[e] ?? e),
  );
}

function member(path: string, name: string): string {
  if (name === '' || name !== name.trim() || /[.[\]"']/.test(name)) return `${path}["${name.replace(/[\\"]/g, '\\$&')}"]`;
  return path === '' ? name : `${path}.${name}`;
}
