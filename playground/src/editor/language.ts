import { autocompletion, type Completion, type CompletionContext, type CompletionResult, snippet } from '@codemirror/autocomplete';
import { type Extension } from '@codemirror/state';
import { EditorView, hoverTooltip, keymap } from '@codemirror/view';
import { api, type Position } from '../api/client';
import { markdown } from '../text/markdown';
import { offsetOf, positionOf } from '../text/positions';

/** Everything here is the engine's answer: the page knows nothing of the language. */
export interface Asking {
  name: () => string;
  /** The document that sample values are taken from. */
  document: () => string;
  /** Shows the place where something is declared. */
  go: (pos: Position, library: boolean) => void;
}

/** A document beyond this length is not sent along for its sample values. */
const mostSample = 300_000;

function place(view: { state: EditorView['state'] }, offset: number, ask: Asking) {
  const { line, column } = positionOf(view.state.doc, offset);
  const document = ask.document();
  return { mapping: { name: ask.name(), text: view.state.doc.toString() }, line, column, ...(document.length < mostSample ? { document } : {}) };
}

const icons: Record<string, string> = { field: 'property', target: 'property', variable: 'variable', function: 'function', keyword: 'keyword', value: 'constant', mapping: 'namespace', type: 'type' };

/** The editor's own snippets write places as ${name} and escape braces. */
function template(text: string): string {
  return text.replace(/\\([\\$}])|\$\{\d+:([^}]*)\}|\$0|([{}])/g, (_, escaped: string, name: string, brace: string) => {
    if (escaped) return escaped === '}' ? '\\}' : escaped;
    if (brace) return '\\' + brace;
    return name === undefined ? '${}' : '${' + name + '}';
  });
}

async function complete(context: CompletionContext, ask: Asking): Promise<CompletionResult | null> {
  const abort = new AbortController();
  context.addEventListener('abort', () => abort.abort());
  const { data } = await api.POST('/complete', { body: place(context, context.pos, ask), signal: abort.signal }).catch(() => ({ data: undefined }));
  if (!data || data.completions.length === 0 || context.aborted) return null;
  const doc = context.state.doc;
  const word = context.matchBefore(/[\p{L}\p{N}_$]*/u);
  const from = word ? word.from : context.pos;
  const options = data.completions.slice(0, 500).map((c, i): Completion => {
    const start = offsetOf(doc, c.pos);
    const behind = Math.max(0, offsetOf(doc, c.end) - context.pos);
    return {
      label: c.label,
      type: icons[c.kind] ?? 'text',
      ...(c.detail ? { detail: c.detail } : {}),
      ...(c.documentation ? { info: () => markdown(c.documentation!) } : {}),
      boost: 90 - c.rank * 12 - Math.min(i, 500) / 100,
      apply: (view, completion, _, to) => {
        const end = Math.min(to + behind, view.state.doc.length);
        if (c.snippet) snippet(template(c.text))(view, completion, start, end);
        else view.dispatch({ changes: { from: start, to: end, insert: c.text }, selection: { anchor: start + c.text.length }, userEvent: 'input.complete' });
      },
    };
  });
  return { from, options, validFor: /^[\p{L}\p{N}_$]*$/u };
}

/** Completion in scripts, from the declarations of documents, flows and library. */
export function scriptCompletion(): Extension {
  return autocompletion({
    icons: false,
    activateOnTypingDelay: 60,
    override: [
      async (context) => {
        const word = context.matchBefore(/[\w$]*/)!;
        const dot = word.from > 0 && context.state.sliceDoc(word.from - 1, word.from) === '.';
        if (!dot && word.from === word.to && !context.explicit) return null;
        const abort = new AbortController();
        context.addEventListener('abort', () => abort.abort());
        const body = { text: context.state.doc.toString(), ...positionOf(context.state.doc, context.pos) };
        const { data } = await api.POST('/scripts/complete', { body, signal: abort.signal }).catch(() => ({ data: undefined }));
        if (!data || data.completions.length === 0 || context.aborted) return null;
        const options = data.completions.map((c, i): Completion => ({
          label: c.label,
          type: icons[c.kind] ?? 'text',
          ...(c.detail ? { detail: c.detail } : {}),
          ...(c.documentation ? { info: () => markdown(c.documentation!) } : {}),
          boost: dot ? -i / 100 : 0,
        }));
        return { from: word.from, options, validFor: /^[\w$]*$/ };
      },
    ],
  });
}

async function define(view: EditorView, ask: Asking, offset: number) {
  const { data } = await api.POST('/definition', { body: place(view, offset, ask) }).catch(() => ({ data: undefined }));
  if (data?.definition) ask.go(data.definition.pos, data.definition.library ?? false);
}

export function definition(view: EditorView, ask: Asking): boolean {
  void define(view, ask, view.state.selection.main.head);
  return true;
}

/** Puts the cursor at a place of the editor's own text. */
export function goTo(view: EditorView, pos: Position) {
  view.dispatch({ selection: { anchor: offsetOf(view.state.doc, pos) }, effects: EditorView.scrollIntoView(offsetOf(view.state.doc, pos), { y: 'center' }) });
  view.focus();
}

export async function format(view: EditorView): Promise<boolean> {
  const text = view.state.doc.toString();
  const { data } = await api.POST('/format', { body: { text } }).catch(() => ({ data: undefined }));
  if (!data || data.text === text || view.state.doc.toString() !== text) return false;
  let head = 0;
  while (head < text.length && text[head] === data.text[head]) head++;
  let tail = 0;
  while (tail < text.length - head && tail < data.text.length - head && text.at(-1 - tail) === data.text.at(-1 - tail)) tail++;
  view.dispatch({ changes: { from: head, to: text.length - tail, insert: data.text.slice(head, data.text.length - tail) }, userEvent: 'format' });
  return true;
}

export function language(ask: Asking): Extension {
  return [
    autocompletion({ override: [(context) => complete(context, ask)], icons: false, activateOnTypingDelay: 60 }),
    hoverTooltip(
      async (view, offset) => {
        const { data } = await api.POST('/hover', { body: place(view, offset, ask) }).catch(() => ({ data: undefined }));
        const h = data?.hover;
        if (!h) return null;
        const doc = view.state.doc;
        return {
          pos: offsetOf(doc, h.pos),
          end: offsetOf(doc, h.end),
          above: true,
          create: () => {
            const dom = document.createElement('div');
            dom.className = 'cm-docs';
            dom.append(markdown(h.markdown));
            return { dom };
          },
        };
      },
      { hoverTime: 350 },
    ),
    keymap.of([
      { key: 'F12', run: (view) => definition(view, ask) },
      { key: 'Shift-Alt-f', run: (view) => (void format(view), true) },
    ]),
    EditorView.domEventHandlers({
      mousedown(event, view) {
        if (!(event.ctrlKey || event.metaKey)) return false;
        const at = view.posAtCoords({ x: event.clientX, y: event.clientY });
        if (at === null) return false;
        void define(view, ask, at);
        return true;
      },
    }),
  ];
}
