import { api, type AbsentField, type Explanation, type Job, type Latest, type Lines, type ListedConnection, type ListedMapping, type Preview, type Session, type System, type TestReport, words } from '../api/client';
import { JSONPlaces } from '../text/json';
import type { Shared } from '../text/share';
import { type About, type Lit, litBy } from './lit';
import { draftOf, forgetDraft, keepDraft, last, saveHere, savedHere, setLast } from './kept';
import { onDisk, Scripts, type OnDisk } from './scripts.svelte';

export const inputs = ['source', 'settings', 'tables', 'links', 'current'] as const;
export type InputName = (typeof inputs)[number];

const blank = 'from: shopware.order\nto: order\nrules:\n  number: orderNumber\n';

/** The work at hand: one mapping, one document, and what the server says of them. */
export class Work {
  session = $state.raw<Session>();
  mappings = $state.raw<ListedMapping[]>([]);
  /** The documents of the tests of what is built in: some for every system and entity. */
  readonly samples = $derived(this.mappings.filter((m) => m.library).flatMap((m) => m.samples.map((name) => ({ mapping: m.name, name, from: m.from, to: m.to }))));

  name = $state('mappings/untitled.yaml');
  text = $state(blank);
  /** The text as it is saved, undefined where it is not. */
  saved = $state<string>();
  tag = $state('');
  library = $state(false);

  /** The project's scripts; those that are not saved are mapped with as they stand. */
  readonly scripts = new Scripts(() => this.touched());
  /** The mapping as somebody else has saved it meanwhile. */
  changed = $state.raw<OnDisk>();

  document = $state('');
  sample = $state('');
  /** The whole result that the sample's test expects. */
  expected = $state.raw('');
  extra = $state<Record<InputName, string>>({ source: '', settings: '', tables: '', links: '', current: '' });
  mode = $state<'create' | 'update'>('create');
  now = $state('');
  timeZone = $state('');
  batch = $state(false);
  /** The document is one of a connected system. */
  real = $state.raw<{ connection: string; id: string; key: string; ways: Latest['ways'] }>();
  /** How many lines the document was given: '' leaves it as it is, and whole is how it was. */
  varied = $state<'' | 'none' | 'one' | 'many'>('');
  private whole = '';
  /** The read mapping that the document goes through first, where the mapping at hand reads what that makes. */
  before = $state('');

  preview = $state.raw<Preview>();
  /** The document types of the last text without errors. */
  from = $state.raw('');
  to = $state.raw('');
  /** The mapping's text that the preview is of. */
  previewed = $state.raw('');
  previewedScripts = $state.raw<Record<string, string>>();
  lines = $state.raw<Lines>();
  /** The last result that there was. */
  shown = $state.raw('');
  failure = $state('');
  round = $state(0);

  why = $state.raw<Explanation>();
  /** What why is about: an answer that is on its way changes nothing yet. */
  answered = $state.raw<About>();
  lit = $state.raw<Lit>();
  absent = $state.raw<AbsentField[]>([]);

  tests = $state.raw<TestReport>();
  unread = $state.raw<{ unread: string[]; unfilled: string[] }>();
  notice = $state('');

  readonly dirty = $derived(this.saved !== this.text);
  readonly stale = $derived(this.preview !== undefined && this.preview.output == null && this.document.trim() !== '');
  /** The mapping has errors: nothing can be asked of what it makes. */
  readonly broken = $derived(this.preview?.mapping.rules === 0);
  readonly problems = $derived(this.preview?.mapping.diagnostics ?? []);
  private scanned = $state.raw('');
  /** The places of the document as it was last looked at: of a large one that is when somebody has stopped typing. */
  readonly sourcePlaces = $derived(new JSONPlaces(this.scanned));
  readonly resultPlaces = $derived(new JSONPlaces(this.shown));

  private asked: AbortController | undefined;
  private asking: AbortController | undefined;
  private timers: Record<string, ReturnType<typeof setTimeout>> = {};

  /** Who is here; the lists come later. */
  async start() {
    this.listed = this.refreshMappings();
    const session = await api.GET('/session');
    this.session = session.data;
    if (!session.data) this.failure = words(session.error);
  }

  private listed: Promise<void> = Promise.resolve();

  private connections = $state.raw<ListedConnection[]>([]);
  private systems = $state.raw<System[]>([]);
  /** The connections that hold what the mapping reads: its system's documents, or what a read mapping makes the canonical one of. */
  readonly sources = $derived(
    this.connections.filter((c) => {
      const [system, resource] = this.from.split('.');
      const known = this.systems.find((s) => s.name === c.system)?.resources.filter((r) => r.read) ?? [];
      return resource ? c.system === system && known.some((r) => r.name === resource) : known.some((r) => r.entity === this.from);
    }),
  );

  /** Reads which systems are connected; it is asked again whenever a document is to be picked. */
  async refreshConnections() {
    if (!this.session?.project || this.session.user?.role === 'viewer') return;
    const [connections, systems] = await Promise.all([api.GET('/connections'), api.GET('/systems')]).catch(() => []);
    this.connections = connections?.data?.connections ?? [];
    this.systems = systems?.data?.systems ?? [];
  }

  /** Opens what was open before, else the project's first mapping, else an order. */
  async openFirst() {
    const before = last();
    if (before && (await this.open(before.name, before.library))) return;
    await this.listed;
    const chosen = this.mappings.find((m) => !m.library) ?? this.mappings.find((m) => m.name === 'shopware/order.read.yaml') ?? this.mappings[0];
    if (chosen) await this.open(chosen.name, chosen.library);
  }

  async refreshMappings() {
    const { data } = await api.GET('/mappings');
    if (data) this.mappings = data.mappings;
  }

  /** The mapping as it stands, with the scripts that are not saved. */
  mapping(): Job['mapping'] {
    const scripts = this.scripts.drafts();
    return { name: this.name, text: this.text, ...(scripts ? { scripts } : {}) };
  }

  job(): Job {
    const job: Job = { mapping: this.mapping(), document: this.document, mode: this.mode };
    for (const key of inputs) if (this.extra[key].trim()) job[key] = this.extra[key];
    if (this.now) job.now = this.now;
    if (this.timeZone) job.timeZone = this.timeZone;
    if (this.before) job.before = this.before;
    return job;
  }

  /** Asks for everything that hangs on the texts, soon: what is typed meanwhile counts. */
  touched() {
    this.later('places', this.document.length < 200_000 ? 0 : 250, () => (this.scanned = this.document));
    this.later('preview', 40, () => void this.ask());
  }

  later(what: string, ms: number, run: () => void) {
    clearTimeout(this.timers[what]);
    this.timers[what] = setTimeout(run, ms);
  }

  private async ask() {
    this.asked?.abort();
    const abort = (this.asked = new AbortController());
    const job = this.job();
    const start = performance.now();
    try {
      if (this.batch) {
        const { data, error } = await api.POST('/preview/lines', { body: job, signal: abort.signal });
        this.failure = data ? '' : words(error);
        if (data) {
          this.lines = data;
          this.preview = { mapping: data.mapping, output: '', shown: '', diagnostics: [], mapMicros: data.mapMicros, console: [] };
          this.previewed = job.mapping.text;
        }
      } else {
        const { data, error } = await api.POST('/preview', { body: job, signal: abort.signal });
        this.failure = data ? '' : words(error);
        if (data) {
          this.lines = undefined;
          this.preview = data;
          this.previewed = job.mapping.text;
          this.previewedScripts = job.mapping.scripts;
          if (data.output != null) this.shown = data.shown;
          else if (!job.document.trim()) this.shown = '';
        }
      }
      this.round = performance.now() - start;
    } catch {
      if (!abort.signal.aborted) this.failure = 'The server does not answer.';
      return;
    }
    if (abort.signal.aborted || this.broken) return;
    this.from = this.preview?.mapping.from ?? '';
    this.to = this.preview?.mapping.to ?? '';
    if (this.lacksSample) {
      await this.listed; // the samples come with the list of mappings
      if (abort.signal.aborted) return;
      const own = this.document.trim() !== '' && this.sampleFrom === undefined; // typed meanwhile
      const fits = own || this.sampleFrom === this.from ? undefined : this.samples.find((s) => s.from === this.from);
      this.lacksSample = false;
      if (fits) return void this.openSample(fits.mapping, fits.name);
    }
    this.later('explain', 30, () => void this.explain());
    this.later('unread', 300, () => void this.askUnread());
    this.later('tests', 700, () => void this.runTests());
  }

  point(about: About, at: Lit['at']) {
    this.about = about;
    this.later('explain', 60, () => void this.explain(at));
  }

  private about: About | undefined;
  private at: Lit['at'] = 'result';

  private async explain(at: Lit['at'] = this.at) {
    this.at = at;
    this.asking?.abort();
    if (this.batch || this.broken || !this.document.trim()) return;
    const abort = (this.asking = new AbortController());
    const job = this.job();
    try {
      const [all, one] = await Promise.all([
        api.POST('/explain', { body: { ...job, about: {} }, signal: abort.signal }),
        this.about ? api.POST('/explain', { body: { ...job, about: this.about }, signal: abort.signal }) : undefined,
      ]);
      if (all.data) this.absent = all.data.absent;
      this.why = one?.data;
      this.answered = one?.data ? this.about : undefined;
      this.lit = one?.data && this.about ? litBy(one.data, at, job, this.about) : undefined;
    } catch {
      // a newer question is on its way
    }
  }

  private async askUnread() {
    if (this.batch || this.broken) return;
    const { data } = await api.POST('/unread', { body: this.job() }).catch(() => ({ data: undefined }));
    if (data) this.unread = data;
  }

  async runTests() {
    const { data } = await api.POST('/tests/run', { body: { mapping: this.mapping() } }).catch(() => ({ data: undefined }));
    if (data) this.tests = data;
  }

  /** Opens a mapping with one of its samples; sample unsaid is the first. */
  async open(name: string, library: boolean, sample?: string): Promise<boolean> {
    const path = { params: { path: { path: name } } };
    const here = library || this.session?.project ? undefined : savedHere(name);
    const { data, error } = library ? await api.GET('/library/{path}', path) : here !== undefined ? { data: { text: here, tag: '' } } : await api.GET('/files/{path}', path);
    const kept = draftOf(name);
    if (!data && (library || kept === undefined)) {
      this.notice = words(error);
      return false;
    }
    setLast(name, library);
    this.name = this.keptAs = name;
    this.text = kept ?? data?.text ?? '';
    this.saved = data?.text;
    this.tag = library ? '' : (data?.tag ?? '');
    this.library = library;
    this.forget();
    if (this.dirty) this.notice = 'What you had not saved is here again.';
    await this.openSample(name, sample);
    return true;
  }

  /** The name under which the browser keeps what is not saved. */
  private keptAs = '';

  /** The text has changed in the editor: what is not saved survives a reload. */
  changeText(text: string) {
    this.text = text;
    this.later('draft', 500, () => this.keep());
    this.touched();
  }

  private keep() {
    if (!keepDraft(this.keptAs, this.text, this.saved)) this.notice = 'The browser keeps no more: save what you have written.';
  }

  /** Goes back to what was saved, or to what is built in. */
  dropDraft() {
    clearTimeout(this.timers['draft']);
    forgetDraft(this.keptAs);
    if (this.saved !== undefined) this.text = this.saved;
    this.notice = '';
    this.touched();
  }

  /** Begins an overlay over the mapping at hand: it holds only what differs. */
  startOverlay() {
    const file = this.name.slice(this.name.lastIndexOf('/') + 1);
    const base = this.library ? this.name.replace(/\.ya?ml$/, '') : './' + file;
    this.name = this.keptAs = `mappings/my-${file}`;
    this.text = `extends: ${base}\nrules:\n`;
    this.saved = undefined;
    this.tag = '';
    this.library = false;
    setLast(this.name, false);
    this.keep();
    this.touched();
  }

  /** Gives the document no line, one or several; the same again brings back what it was. */
  async vary(lines: 'none' | 'one' | 'many') {
    if (this.varied === lines) {
      this.document = this.whole;
      this.varied = '';
      this.touched();
      return;
    }
    const whole = this.varied ? this.whole : this.document;
    const { data, error } = await api.POST('/sample/lines', { body: { ...this.job(), document: whole, lines } }).catch(() => ({ data: undefined, error: undefined }));
    this.notice = data ? '' : words(error);
    if (!data) return;
    this.whole = whole;
    this.varied = lines;
    this.document = data.document;
    this.touched();
  }

  /** Opens a document of a connected system, the way that its flow goes. */
  openReal(connection: ListedConnection, found: Latest, d: Latest['documents'][number]) {
    const way = found.ways[0];
    this.place(`${d.key} of ${connection.name}`, d.document);
    this.real = { connection: connection.name, id: d.id, key: d.key, ways: found.ways };
    this.before = this.from.includes('.') ? '' : (way?.read ?? `${connection.system}/${found.resource}.read.yaml`);
    this.extra.source = this.extra.current = ''; // the links of a sample stay until a plan knows those of the target
    if (way) {
      this.extra.settings = way.settings;
      this.extra.tables = way.tables;
    }
    this.now = '';
    this.mode = 'create';
    this.touched();
  }

  /** The document is written at, or taken as lines; a sample that is still on its way does not take its place any more. */
  changeDocument(text: string, batch: boolean) {
    this.placed++;
    if (text !== this.document && this.sample && !this.sample.endsWith(', changed')) this.sample += ', changed';
    this.document = text;
    this.batch = batch;
    this.varied = '';
    this.touched();
  }

  private placed = 0;

  /** What the document at hand is, where it is a sample. */
  private sampleFrom: string | undefined;
  /** The mapping at hand has no sample of its own: one of what it reads takes its place once that is known. */
  private lacksSample = false;

  /** Puts a document in the place of the one at hand. */
  private place(sample: string, document: string) {
    this.placed++;
    this.sampleFrom = undefined;
    this.document = document;
    this.sample = sample;
    this.expected = '';
    this.batch = false;
    this.before = '';
    this.varied = '';
    this.real = undefined;
  }

  async openSample(mapping: string, sample?: string) {
    const own = this.mappings.find((m) => m.name === mapping);
    const step = own && mapping !== this.name && this.from !== '' && own.from !== this.from && own.to === this.from;
    const before = this.placed;
    const { data } = await api.GET('/sample', { params: { query: sample === undefined ? { mapping } : { mapping, name: sample } } });
    if (this.placed !== before) return;
    this.lacksSample = !data && mapping === this.name && (!this.document.trim() || this.sampleFrom !== undefined);
    if (data) {
      this.place(data.name, data.document);
      this.sampleFrom = own?.from;
      this.expected = data.expected ?? '';
      this.before = step ? mapping : '';
      if (step) {
        this.extra.source = ''; // the document itself
        this.expected = '';
      } else {
        this.mode = data.mode;
        for (const key of inputs) this.extra[key] = data[key] ?? '';
        this.now = data.now ?? '';
      }
    }
    this.touched();
  }

  /** Opens a document of the activity with everything that its mapping was given. */
  async openEntry(id: number, side?: 'read' | 'write'): Promise<boolean> {
    const { data, error } = await api.GET('/activity/{id}/sample', { params: { path: { id }, query: side ? { side } : {} } });
    if (!data) {
      this.notice = words(error);
      return false;
    }
    if (!(await this.open(data.mapping, data.library))) return false;
    const s = data.sample;
    this.place(s.name, s.document);
    this.mode = s.mode;
    for (const key of inputs) this.extra[key] = s[key] ?? '';
    this.now = s.now ?? '';
    this.touched();
    return true;
  }

  /** Looks whether somebody else has saved what is open here. What has no change of ours is taken over. */
  async lookAtDisk() {
    if (!this.session?.project || this.session.user === undefined) return;
    const script = await this.scripts.changedOnDisk();
    if (script) this.changed = script;
    const { name, tag } = this;
    if (this.library || tag === '' || this.changed?.path === name) return;
    const found = await onDisk(name, tag);
    if (!found || this.name !== name || this.tag !== tag) return;
    if (this.dirty) this.changed = found;
    else this.takeTheirs(found);
  }

  takeTheirs(d: OnDisk) {
    this.changed = undefined;
    if (d.path !== this.name) {
      this.scripts.take(d);
      return;
    }
    forgetDraft(d.path);
    this.text = this.saved = d.text;
    this.tag = d.tag;
    this.notice = 'Somebody has saved this file; here it is as it stands now.';
    this.touched();
  }

  /** Goes on with what is written here: saving takes the place of theirs, and Diff shows what differs. */
  keepMine(d: OnDisk) {
    this.changed = undefined;
    if (d.path !== this.name) this.scripts.keep(d);
    else {
      this.saved = d.text;
      this.tag = d.tag;
    }
  }

  private forget() {
    this.changed = undefined;
    this.preview = undefined;
    this.from = this.to = '';
    this.shown = '';
    this.why = undefined;
    this.about = this.answered = undefined;
    this.lit = undefined;
    this.absent = [];
    this.tests = undefined;
    this.unread = undefined;
    this.notice = '';
  }

  /** Opens what a link holds. What is written here stays with the link, apart from a file of the same name. */
  openShared(s: Shared, link: string) {
    this.name = s.name;
    this.keptAs = link.slice(-64);
    this.text = draftOf(this.keptAs) ?? s.mapping;
    this.saved = undefined;
    this.tag = '';
    this.library = false;
    this.forget();
    if (this.text !== s.mapping) this.notice = 'What you had not saved is here again.';
    this.place('shared', s.document);
    this.batch = s.options.batch === 'yes';
    this.before = s.options.before ?? '';
    this.mode = s.options.mode === 'update' ? 'update' : 'create';
    for (const key of inputs) this.extra[key] = s.options[key] ?? '';
    this.now = s.options.now ?? '';
    this.timeZone = s.options.timeZone ?? '';
    this.touched();
  }

  /** Saves to the project. The answer is what stands in the way. */
  async save(name: string, replace = false): Promise<'saved' | 'changed' | 'failed'> {
    const text = this.text;
    clearTimeout(this.timers['draft']);
    if (!this.session?.project) {
      if (!saveHere(name, text)) {
        this.notice = 'The browser keeps no more.';
        return 'failed';
      }
      this.isSaved(name, text, '');
      this.notice = 'Kept in this browser: the server runs without a project.';
      return 'saved';
    }
    const fresh = name !== this.name || this.library || this.tag === '';
    let tag = fresh ? '' : this.tag;
    if (replace) tag = (await api.GET('/files/{path}', { params: { path: { path: name } } })).data?.tag ?? '';
    const { data, error } = await api.PUT('/files/{path}', {
      params: { path: { path: name } },
      headers: tag ? { 'If-Match': `"${tag}"` } : { 'If-None-Match': '*' },
      body: { text },
    });
    if (!data) {
      if (error?.code === 'changed') return 'changed';
      this.notice = words(error);
      return 'failed';
    }
    this.isSaved(name, text, data.tag);
    this.notice = '';
    this.changed = undefined;
    void this.refreshMappings();
    this.touched();
    return 'saved';
  }

  private isSaved(name: string, text: string, tag: string) {
    forgetDraft(this.keptAs);
    forgetDraft(name);
    this.name = this.keptAs = name;
    this.library = false;
    this.tag = tag;
    this.saved = text;
    setLast(name, false);
    if (this.text !== text) this.keep(); // typed while it was being saved
  }

  async addTest(name: string): Promise<string> {
    const { data, error } = await api.POST('/tests/cases', { body: { ...this.job(), name } });
    if (!data) return words(error);
    this.notice = `Added to ${data.test}.`;
    this.expected = this.preview?.output == null ? '' : this.shown;
    await this.runTests();
    return '';
  }
}
