import { JSONPlaces } from './json';

// Settings and tables are JSON objects as text: their members are put in and taken out as texts, so that no number is read on the way.

export type Members = [name: string, raw: string][];

/** The members of an object with the texts of their values; none where the text is no object. */
export function members(text: string): Members {
  const places = new JSONPlaces(text);
  return places.children('').flatMap((p): Members => {
    const colon = text.lastIndexOf(':', p.from);
    if (colon < p.start) return [];
    try {
      return [[JSON.parse(text.slice(p.start, colon).trim()) as string, text.slice(p.from, p.to)]]; // a name, no value
    } catch {
      return [];
    }
  });
}

/** An object of these members, each on a line of its own; '' without any. */
export function objectOf(list: Members): string {
  if (list.length === 0) return '';
  return `{\n${list.map(([name, raw]) => `  ${JSON.stringify(name)}: ${raw}`).join(',\n')}\n}`;
}

/** The object with another value for a member; raw '' takes it out. */
export function withMember(text: string, name: string, raw: string): string {
  const list = members(text);
  const at = list.findIndex(([n]) => n === name);
  if (raw === '') return objectOf(list.filter(([n]) => n !== name));
  if (at < 0) list.push([name, raw]);
  else list[at] = [name, raw];
  return objectOf(list);
}

/** What is typed in the place of a value, as JSON: a number or a truth value stays one where there was one before. */
export function typedOver(before: string, text: string): string {
  const bare = before !== '' && !before.startsWith('"');
  return bare && /^(-?\d+(\.\d+)?|true|false|null|[[{].*)$/s.test(text) ? text : JSON.stringify(text);
}

/** A value as it is shown in a field. */
export function bare(raw: string): string {
  if (!raw.startsWith('"')) return raw;
  try {
    return JSON.parse(raw) as string; // a string
  } catch {
    return raw;
  }
}
