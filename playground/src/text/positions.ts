import type { Text } from '@codemirror/state';
import type { Position } from '../api/client';

// The engine counts lines and characters from 1; the editor counts UTF-16 units from 0.

export function offsetOf(doc: Text, p: Position): number {
  const line = doc.line(Math.min(Math.max(p.line ?? 1, 1), doc.lines));
  let at = 0;
  for (let column = 1; column < (p.column ?? 1) && at < line.length; column++) {
    at += line.text.codePointAt(at)! > 0xffff ? 2 : 1;
  }
  return line.from + at;
}

export function positionOf(doc: Text, offset: number): { line: number; column: number } {
  const line = doc.lineAt(offset);
  return { line: line.number, column: [...line.text.slice(0, offset - line.from)].length + 1 };
}

/** The range of a problem: never empty, never beyond its line. */
export function rangeOf(doc: Text, pos: Position, end: Position): { from: number; to: number } {
  const from = offsetOf(doc, pos);
  let to = end.line ? offsetOf(doc, end) : from;
  const line = doc.lineAt(from);
  if (to > line.to) to = line.to;
  if (to <= from) to = Math.min(from + 1, line.to);
  return to > from ? { from, to } : { from: Math.max(line.from, from - 1), to: from };
}
