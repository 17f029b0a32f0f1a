import { type Range as MarkRange, RangeSet, StateEffect, StateField } from '@codemirror/state';
import { Decoration, type DecorationSet, EditorView, WidgetType } from '@codemirror/view';

/** What lights up: lines, the one that matters most first, and values in them. */
export interface Lights {
  lines: { from: number; to: number }[];
  values: { from: number; to: number }[];
}

const setLights = StateEffect.define<DecorationSet>();
const setUnread = StateEffect.define<DecorationSet>();

function field(effect: typeof setLights) {
  return StateField.define<DecorationSet>({
    create: () => Decoration.none,
    update(marks, tr) {
      for (const e of tr.effects) if (e.is(effect)) return e.value;
      return marks.map(tr.changes);
    },
    provide: (f) => EditorView.decorations.from(f),
  });
}

export const lights = [field(setLights), field(setUnread)];

const line = Decoration.line({ class: 'cm-lit' });
const value = Decoration.mark({ class: 'cm-lit-value' });
const dimmed = Decoration.mark({ class: 'cm-unread' });

/** Beyond this many lines nothing is told by lighting them all. */
const most = 2000;

export function light(view: EditorView, l: Lights, reveal: boolean) {
  const doc = view.state.doc;
  const starts = new Set<number>();
  for (const r of l.lines) {
    const last = doc.lineAt(Math.min(r.to, doc.length)).number;
    for (let n = doc.lineAt(Math.min(r.from, doc.length)).number; n <= last && starts.size < most; n++) starts.add(doc.line(n).from);
  }
  const marks: MarkRange<Decoration>[] = [...starts].map((at) => line.range(at));
  for (const r of l.values.slice(0, most)) if (r.to > r.from && r.to <= doc.length) marks.push(value.range(r.from, r.to));
  const effects: StateEffect<unknown>[] = [setLights.of(RangeSet.of(marks, true))];
  const main = l.lines[0];
  if (reveal && main && main.from <= doc.length) {
    const first = doc.lineAt(main.from).from;
    const visible = view.visibleRanges.some((r) => r.from <= first && first <= r.to);
    const block = view.lineBlockAt(first);
    const { scrollTop, clientHeight } = view.scrollDOM;
    if (!visible || block.top < scrollTop || block.bottom > scrollTop + clientHeight) effects.push(EditorView.scrollIntoView(first, { y: 'center' }));
  }
  view.dispatch({ effects });
}

class Margin extends WidgetType {
  toDOM() {
    const el = document.createElement('span');
    el.className = 'cm-margin';
    el.textContent = 'no rule reads this';
    return el;
  }
}

const margin = new Margin();

/** Dims what no rule reads, and says so in the margin of the first line of each stretch. */
export function dim(view: EditorView, ranges: { from: number; to: number }[]) {
  const doc = view.state.doc;
  const marks: MarkRange<Decoration>[] = [];
  let last = -2; // the line of the one before
  for (const r of ranges.toSorted((a, b) => a.from - b.from).slice(0, most)) {
    if (r.to > doc.length || r.to <= r.from) continue;
    marks.push(dimmed.range(r.from, r.to));
    const line = doc.lineAt(r.from);
    if (line.number > last + 1) marks.push(Decoration.widget({ widget: margin, side: 1 }).range(line.to));
    last = line.number;
  }
  view.dispatch({ effects: setUnread.of(RangeSet.of(marks, true)) });
}
