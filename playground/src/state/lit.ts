import type { Cause, Explanation, Job } from '../api/client';

/** What the user points at. */
export type About = { field: string } | { source: string } | { line: number };

/** What belongs to what is pointed at: paths of the source, lines of the mapping, paths of the result. */
export interface Lit {
  source: string[];
  lines: number[];
  result: string[];
  /** Where the user points: the other two show theirs. */
  at: 'source' | 'mapping' | 'result';
}

/** What lights up with an explanation. */
export function litBy(e: Explanation, at: Lit['at'], job: Job, about: About): Lit {
  const file = job.mapping.name;
  const source = new Set<string>();
  const lines = new Set<number>();
  const result = new Set<string>();
  const cause = (c: Cause) => {
    if (c.rule.pos.file === file && c.rule.pos.line) lines.add(c.rule.pos.line);
    for (const r of c.reads ?? []) source.add(r.path);
    for (const l of c.lets ?? []) {
      if (l.pos.file === file && l.pos.line) lines.add(l.pos.line);
      for (const r of l.reads ?? []) source.add(r.path);
    }
  };
  for (const f of e.fields.slice(0, 50)) {
    cause(f);
    if (f.copiedFrom) source.add(f.copiedFrom);
    if (f.kind === 'leaf') result.add(f.path);
  }
  for (const a of e.absent.slice(0, 20)) cause(a);
  if ('field' in about) result.add(about.field);
  if ('source' in about) {
    source.clear();
    source.add(about.source);
  }
  // Behind a step between, the document at the left is what rules read as `source`.
  const shown = job.before ? [...source].flatMap((path) => (path.startsWith('source.') ? path.slice(7) : [])) : [...source];
  return { source: shown, lines: [...lines], result: [...result], at };
}
