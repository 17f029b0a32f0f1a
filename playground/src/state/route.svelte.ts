/** The pages, in the order of the head. The server answers every path with the app; this says what a path shows. */
export const pages = [
  { name: 'playground', title: 'Playground', path: '/' },
  { name: 'flows', title: 'Flows', path: '/flows' },
  { name: 'activity', title: 'Activity', path: '/activity' },
  { name: 'inbox', title: 'Inbox', path: '/inbox' },
  { name: 'connections', title: 'Connections', path: '/connections' },
] as const;

export type PageName = (typeof pages)[number]['name'];

/** The address at hand: its page, what follows the page's name, and the question behind it. */
class Route {
  path = $state(location.pathname);
  search = $state(location.search);

  readonly page = $derived<PageName>(pages.find((p) => p.path !== '/' && (this.path === p.path || this.path.startsWith(p.path + '/')))?.name ?? 'playground');
  /** What follows the page's own path: "12" of /activity/12. */
  readonly rest = $derived(decoded(this.page === 'playground' ? this.path.slice(1) : this.path.slice(this.page.length + 2)));
  readonly query = $derived(new URLSearchParams(this.search));

  constructor() {
    addEventListener('popstate', () => this.read());
  }

  private read() {
    this.path = location.pathname;
    this.search = location.search;
  }

  /** Goes to a path of this app. replace leaves no step to go back to. */
  go(to: string, replace = false) {
    if (to === location.pathname + location.search) return;
    history[replace ? 'replaceState' : 'pushState'](null, '', to);
    this.read();
  }

  /** Sets and takes away (empty) values of the question. */
  ask(values: Record<string, string>, replace = true) {
    const query = new URLSearchParams(this.search);
    for (const [name, value] of Object.entries(values)) {
      if (value) query.set(name, value);
      else query.delete(name);
    }
    const text = query.toString();
    this.go(this.path + (text ? '?' + text : ''), replace);
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export const route = new Route();

/** Follows links of the app without loading it again. */
export function follow(e: MouseEvent) {
  if (e.defaultPrevented || e.button !== 0 || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey) return;
  const link = (e.target as Element).closest?.('a');
  if (!link || link.origin !== location.origin || link.target || link.hasAttribute('download') || link.pathname.startsWith('/api/')) return;
  e.preventDefault();
  route.go(link.pathname + link.search);
}

/** The page that a key leads to: Alt Shift 1 is the first. */
export function pageOfKey(e: KeyboardEvent): string | undefined {
  if (!e.altKey || !e.shiftKey || e.ctrlKey || e.metaKey || !/^Digit[1-9]$/.test(e.code)) return undefined;
  return pages[Number(e.code.slice(5)) - 1]?.path;
}

/** The palette's entries that lead to pages. */
export const pageChoices = pages.map((p, i) => ({ title: `Go to ${p.title}`, group: 'Pages', key: `Alt Shift ${i + 1}`, run: () => route.go(p.path) }));
