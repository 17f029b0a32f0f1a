// The little Markdown that the engine's docs are written in, as elements: never as HTML text.

export function markdown(text: string): HTMLElement {
  const root = document.createElement('div');
  root.className = 'docs';
  for (const block of text.split(/\n{2,}(?![^`]*\n```)/)) {
    const fence = /^```\w*\n([\s\S]*?)\n?```$/.exec(block.trim());
    if (fence) {
      const pre = document.createElement('pre');
      pre.textContent = fence[1]!;
      root.append(pre);
      continue;
    }
    const p = document.createElement('p');
    inline(p, block);
    root.append(p);
  }
  return root;
}

const mark = /\*\*((?:\\.|[^*])+)\*\*|(`+) ?(.+?) ?\2|\\([\\*_`[<])/g;

function inline(into: HTMLElement, text: string) {
  let last = 0;
  for (const m of text.matchAll(mark)) {
    into.append(text.slice(last, m.index));
    last = m.index + m[0].length;
    if (m[4] !== undefined) {
      into.append(m[4]);
      continue;
    }
    const el = document.createElement(m[1] === undefined ? 'code' : 'b');
    el.textContent = (m[1] ?? m[3]!).replace(m[1] === undefined ? /$^/ : /\\(.)/g, '$1');
    into.append(el);
  }
  into.append(text.slice(last));
}
