import { JSONPlaces, type Place } from './json';

/** The JSON text a with the members of its objects in the order in which b has them, laid out as the server lays documents out. */
export function inOrderOf(a: string, b: string): string {
  const places = new JSONPlaces(a);
  const order = new Map(new JSONPlaces(b).all.map((p, i) => [p.path, i]));
  const children = new Map<number, number[]>();
  places.all.forEach((p, i) => {
    const list = children.get(p.parent);
    if (list) list.push(i);
    else children.set(p.parent, [i]);
  });
  const at = (i: number) => order.get(places.all[i]!.path) ?? Infinity;
  const write = (i: number, indent: string): string => {
    const p: Place = places.all[i]!;
    const inner = children.get(i);
    if (!inner) return a.slice(p.from, p.to);
    const object = a[p.from] === '{';
    // What b lacks stays behind the member that it follows.
    let last = -1;
    const ranked = inner.map((child) => ({ child, rank: (last = at(child) === Infinity ? last + 0.5 : at(child)) }));
    if (object) ranked.sort((x, y) => x.rank - y.rank);
    const rows = ranked.map(({ child }) => {
      const { start, from } = places.all[child]!;
      const key = object ? `${a.slice(start, from).replace(/\s*:\s*$/, '')}: ` : '';
      return `${indent}  ${key}${write(child, indent + '  ')}`;
    });
    return `${object ? '{' : '['}\n${rows.join(',\n')}\n${indent}${object ? '}' : ']'}`;
  };
  return places.all.length ? write(0, '') : a;
}
