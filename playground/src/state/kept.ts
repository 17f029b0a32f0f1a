// What the browser keeps of mappings: what is not saved yet, and without a project what is saved, too. Documents it does not
// keep: they may tell of people.

const draft = 'draft:';
const saved = 'saved:';

const get = (key: string) => {
  try {
    return localStorage.getItem(key) ?? undefined;
  } catch {
    return undefined; // a browser that keeps nothing
  }
};

/** False where the browser keeps no more. */
function set(key: string, text: string): boolean {
  try {
    localStorage.setItem(key, text);
    return true;
  } catch {
    return false;
  }
}

/** The text of a mapping that is not saved. A mapping that came with a link goes by that. */
export const draftOf = (name: string) => get(draft + name);

/** Keeps a text that is not saved; one that is as it was saved needs no keeping. */
export function keepDraft(name: string, text: string, asSaved: string | undefined): boolean {
  if (text === asSaved) forgetDraft(name);
  else return set(draft + name, text);
  return true;
}

export function forgetDraft(name: string) {
  try {
    localStorage.removeItem(draft + name);
  } catch {
    // nothing was kept
  }
}

/** The text of a mapping that was saved without a project. */
export const savedHere = (name: string) => get(saved + name);

export const saveHere = (name: string, text: string) => set(saved + name, text);

/** The mappings that were saved in this browser. */
export function savedNames(): string[] {
  try {
    return Object.keys(localStorage).flatMap((key) => (key.startsWith(saved) ? key.slice(saved.length) : [])).sort();
  } catch {
    return [];
  }
}

/** What was open last. */
export function last(): { name: string; library: boolean } | undefined {
  const name = get('last');
  return name === undefined ? undefined : { name, library: get('last-built-in') === 'yes' };
}

export function setLast(name: string, library: boolean) {
  set('last', name);
  set('last-built-in', library ? 'yes' : '');
}
