import { api, type Diagnostic, words } from '../api/client';

interface Script {
  text: string;
  /** As it is on the disk, undefined where it is not there yet. */
  saved: string | undefined;
  tag: string;
}

const blank = (name: string) => `/** A function that rules call: ${name}(order) */\nexport function ${name}(order: Order): string {\n  return order.number ?? '';\n}\n`;

/** The project's scripts, as far as they were opened here. */
export class Scripts {
  names = $state.raw<string[]>([]);
  private opened = $state<Record<string, Script>>({});
  /** The one that is shown. */
  path = $state('');
  problems = $state.raw<{ of: string; list: Diagnostic[] }>({ of: '', list: [] });
  /** What rules may call of it. */
  functions = $state.raw<string[]>([]);
  notice = $state('');

  readonly shown = $derived(this.opened[this.path]);
  readonly dirty = $derived(this.shown !== undefined && this.shown.text !== this.shown.saved);
  readonly anyDirty = $derived(Object.values(this.opened).some((s) => s.text !== s.saved));

  constructor(private readonly touched: () => void) {}

  /** The texts that are not saved, for whoever maps with them; undefined without any. */
  drafts(): Record<string, string> | undefined {
    const list = Object.entries(this.opened).filter(([, s]) => s.text !== s.saved);
    return list.length ? Object.fromEntries(list.map(([path, s]) => [path, s.text])) : undefined;
  }

  async refresh() {
    const { data } = await api.GET('/files').catch(() => ({ data: undefined }));
    this.names = (data?.files ?? []).filter((f) => f.kind === 'script' && !f.path.endsWith('.d.ts')).map((f) => f.path);
    if (!this.path && this.names[0]) await this.open(this.names.find((n) => !n.includes('.test.')) ?? this.names[0]);
  }

  async open(path: string) {
    if (!this.opened[path]) {
      const { data, error } = await api.GET('/files/{path}', { params: { path: { path } } }).catch(() => ({ data: undefined, error: undefined }));
      if (!data) {
        this.notice = words(error);
        return;
      }
      this.opened[path] = { text: data.text, saved: data.text, tag: data.tag };
    }
    this.notice = '';
    this.path = path;
    void this.check();
  }

  /** Begins a script; the answer is what stands in the way. */
  begin(path: string): string {
    if (!/^[\w./-]+\.(ts|js|mts|mjs)$/.test(path)) return 'A script is a path of the project that ends in .ts or .js.';
    if (this.names.includes(path)) return 'There is a script of that name already.';
    const name = (path.split('/').pop() ?? '').replace(/\..*$/, '').replace(/\W+(\w)/g, (_, c: string) => c.toUpperCase());
    this.opened[path] = { text: blank(name || 'own'), saved: undefined, tag: '' };
    this.names = [...this.names, path].toSorted();
    this.path = path;
    void this.check();
    return '';
  }

  write(text: string) {
    const s = this.opened[this.path];
    if (!s) return;
    s.text = text;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      void this.check();
      this.touched();
    }, 250);
  }

  private timer: ReturnType<typeof setTimeout> | undefined;

  private async check() {
    const path = this.path;
    const text = this.opened[path]?.text ?? '';
    const { data } = await api.POST('/scripts/check', { body: { path, text } }).catch(() => ({ data: undefined }));
    if (!data || this.path !== path || this.opened[path]?.text !== text) return;
    this.problems = { of: text, list: data.diagnostics };
    this.functions = data.functions;
  }

  async save(replace = false): Promise<'saved' | 'changed' | 'failed'> {
    const path = this.path;
    const s = this.opened[path];
    if (!s) return 'saved';
    const text = s.text;
    let tag = s.tag;
    if (replace) tag = (await api.GET('/files/{path}', { params: { path: { path } } })).data?.tag ?? '';
    const { data, error } = await api.PUT('/files/{path}', { params: { path: { path } }, headers: tag ? { 'If-Match': `"${tag}"` } : { 'If-None-Match': '*' }, body: { text } });
    if (!data) {
      this.notice = words(error);
      return error?.code === 'changed' ? 'changed' : 'failed';
    }
    s.saved = text;
    s.tag = data.tag;
    this.notice = '';
    this.touched();
    return 'saved';
  }

  /** Looks whether somebody else has saved the script: undefined where not, or where nothing here is lost by taking it over. */
  async changedOnDisk(): Promise<OnDisk | undefined> {
    const path = this.path;
    const s = this.opened[path];
    if (!s?.tag) return undefined;
    const found = await onDisk(path, s.tag);
    if (!found) return undefined;
    if (s.text !== s.saved) return found;
    this.take(found);
    return undefined;
  }

  take(d: OnDisk) {
    this.opened[d.path] = { text: d.text, saved: d.text, tag: d.tag };
    void this.check();
    this.touched();
  }

  keep(d: OnDisk) {
    const s = this.opened[d.path];
    if (s) [s.saved, s.tag] = [d.text, d.tag];
  }
}

/** A file as somebody else has saved it. */
export interface OnDisk {
  path: string;
  text: string;
  tag: string;
}

/** The file, if it is another than the one with the tag. */
export async function onDisk(path: string, tag: string): Promise<OnDisk | undefined> {
  const { data } = await api.GET('/files/{path}', { params: { path: { path } } }).catch(() => ({ data: undefined }));
  return data && data.tag !== tag ? { path, text: data.text, tag: data.tag } : undefined;
}
