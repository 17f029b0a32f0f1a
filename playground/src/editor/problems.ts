import { type Extension, Prec, RangeSet, StateEffect, StateField, type Range as MarkRange } from '@codemirror/state';
import { Decoration, EditorView, keymap, WidgetType } from '@codemirror/view';
import type { Diagnostic } from '../api/client';
import { offsetOf, rangeOf } from '../text/positions';

interface Placed {
  from: number;
  to: number;
  diagnostic: Diagnostic;
  fix: { from: number; to: number; insert: string } | undefined;
}

const setProblems = StateEffect.define<Placed[]>();

/** The problems of the text, each with its place as the text stands now. */
const problems = StateField.define<Placed[]>({
  create: () => [],
  update(list, tr) {
    for (const e of tr.effects) if (e.is(setProblems)) return e.value;
    if (!tr.docChanged) return list;
    return list.map((p) => ({
      ...p,
      from: tr.changes.mapPos(p.from, 1),
      to: tr.changes.mapPos(p.to, -1),
      fix: undefined, // of the text as it was
    }));
  },
  provide: (f) => [
    EditorView.decorations.compute([f], (state) => {
      const marks: MarkRange<Decoration>[] = [];
      const told = new Set<number>();
      for (const p of state.field(f)) {
        if (p.to > p.from) {
          marks.push(Decoration.mark({ class: p.diagnostic.severity === 'error' ? 'cm-wrong' : 'cm-look' }).range(p.from, p.to));
        }
        const end = state.doc.lineAt(p.from).to;
        if (!told.has(end) && told.size < shown) {
          told.add(end);
          marks.push(Decoration.widget({ widget: new Told(p), block: true, side: 1 }).range(end));
        }
      }
      return RangeSet.of(marks, true);
    }),
  ],
});

/** How many problems are told under their line; the others are underlined, and F8 goes to them. */
const shown = 4;

class Told extends WidgetType {
  constructor(private readonly p: Placed) {
    super();
  }
  override eq(other: Told) {
    return other.p === this.p;
  }
  toDOM(view: EditorView) {
    const { diagnostic: d, fix } = this.p;
    const el = document.createElement('div');
    el.className = `cm-problem ${d.severity}`;
    const title = document.createElement('b');
    title.textContent = sentence(d.message);
    el.append(title);
    if (d.help && !d.fix) el.append(' ', sentence(d.help));
    el.append(document.createElement('br'));
    const code = document.createElement('small');
    code.textContent = d.code;
    el.append(code);
    if (fix && d.fix) {
      const button = document.createElement('button');
      button.className = 'fix';
      button.type = 'button';
      button.textContent = d.fix.title;
      button.onclick = () => {
        apply(view, this.p);
        view.focus();
      };
      const key = document.createElement('kbd');
      key.textContent = 'Alt ⏎';
      el.append('   ', button, key);
    }
    return el;
  }
  override ignoreEvent() {
    return true;
  }
}

function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.?!:]$/.test(first) ? first : first + '.';
}

function apply(view: EditorView, p: Placed): boolean {
  if (!p.fix) return false;
  view.dispatch({ changes: p.fix, selection: { anchor: p.fix.from + p.fix.insert.length }, userEvent: 'input.fix' });
  return true;
}

/** The fix of the line that the cursor is on, else the first. */
export function applyFix(view: EditorView): boolean {
  const list = view.state.field(problems).filter((p) => p.fix);
  const here = view.state.doc.lineAt(view.state.selection.main.head);
  const p = list.find((p) => p.from >= here.from && p.from <= here.to) ?? list[0];
  return p ? apply(view, p) : false;
}

export function nextProblem(view: EditorView): boolean {
  const list = view.state.field(problems);
  const head = view.state.selection.main.head;
  const p = list.find((p) => p.from > head) ?? list[0];
  if (!p) return false;
  view.dispatch({ selection: { anchor: p.from }, scrollIntoView: true });
  view.focus();
  return true;
}

export function problemMarks(): Extension {
  return [
    problems,
    Prec.high(
      keymap.of([
        { key: 'Alt-Enter', run: applyFix },
        { key: 'F8', run: nextProblem },
      ]),
    ),
  ];
}

/** Shows problems. text is what they were found in: where it is no longer what stands there, they would point elsewhere. */
export function showProblems(view: EditorView, text: string, list: Diagnostic[]) {
  const doc = view.state.doc;
  if (doc.toString() !== text) return;
  const placed = list.map((d): Placed => {
    const fix = d.fix && { from: offsetOf(doc, d.fix.pos), to: offsetOf(doc, d.fix.end), insert: d.fix.newText };
    return { ...rangeOf(doc, d.pos, d.end), diagnostic: d, fix };
  });
  view.dispatch({ effects: setProblems.of(placed.sort((a, b) => a.from - b.from)) });
}
