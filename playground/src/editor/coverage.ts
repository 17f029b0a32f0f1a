import { Prec, RangeSet, StateEffect, StateField } from '@codemirror/state';
import { gutter, GutterMarker } from '@codemirror/view';
import type { EditorView } from '@codemirror/view';
import type { TestReport } from '../api/client';

class Bar extends GutterMarker {
  constructor(
    private readonly kind: string,
    private readonly title: string,
  ) {
    super();
  }
  override eq(other: Bar) {
    return other.kind === this.kind && other.title === this.title;
  }
  override toDOM() {
    const el = document.createElement('span');
    el.className = 'cm-' + this.kind;
    el.title = this.title;
    return el;
  }
}

const setCoverage = StateEffect.define<RangeSet<GutterMarker>>();

const coverage = StateField.define<RangeSet<GutterMarker>>({
  create: () => RangeSet.empty,
  update(bars, tr) {
    for (const e of tr.effects) if (e.is(setCoverage)) return e.value;
    return bars.map(tr.changes);
  },
});

/** The bar that says which rules tests reach: teal where they do, amber where not. */
export const coverageGutter = [coverage, Prec.high(gutter({ class: 'cm-coverage', markers: (view) => view.state.field(coverage) }))];

export function showCoverage(view: EditorView, lines: TestReport['lines']) {
  const doc = view.state.doc;
  const bars = lines
    .filter((l) => l.line <= doc.lines)
    .map((l) => {
      const kind = l.reached === 0 ? 'untested' : l.reached < l.points ? 'partly' : 'tested';
      const title = l.missed.length === 0 ? 'tested' : 'no test reaches: ' + l.missed.join('; ');
      return new Bar(kind, title).range(doc.line(l.line).from);
    });
  view.dispatch({ effects: setCoverage.of(RangeSet.of(bars, true)) });
}
