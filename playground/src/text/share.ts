// A mapping and a document in the fragment of an address, which browsers keep to themselves.

export interface Shared {
  name: string;
  mapping: string;
  document: string;
  options: Record<string, string>;
}

export async function pack(s: Shared): Promise<string> {
  const stream = new Blob([JSON.stringify(s)]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let binary = '';
  for (const b of bytes) binary += String.fromCharCode(b);
  return btoa(binary).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

/** What a fragment holds; undefined where it holds nothing of ours. */
export async function unpack(fragment: string): Promise<Shared | undefined> {
  if (!fragment.startsWith('#s=')) return undefined;
  try {
    const binary = atob(fragment.slice(3).replace(/-/g, '+').replace(/_/g, '/'));
    const bytes = Uint8Array.from(binary, (c) => c.charCodeAt(0));
    const text = await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'))).text();
    const s: unknown = JSON.parse(text); // the envelope: documents in it are strings
    if (typeof s !== 'object' || s === null) return undefined;
    const { name, mapping, document, options } = s as Record<string, unknown>;
    if (typeof name !== 'string' || typeof mapping !== 'string' || typeof document !== 'string') return undefined;
    const known: Record<string, string> = {};
    for (const [key, value] of Object.entries(options ?? {})) if (typeof value === 'string') known[key] = value;
    return { name, mapping, document, options: known };
  } catch {
    return undefined;
  }
}
