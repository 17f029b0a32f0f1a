import type { Entry } from '../api/client';

/** Follows the activity while a page is shown. The browser asks anew when the line breaks, and says where it left off. */
export function followActivity(told: (e: Entry) => void, state: (connected: boolean) => void): () => void {
  const source = new EventSource('/api/v1/activity/events');
  source.addEventListener('entry', (e) => told(JSON.parse((e as MessageEvent<string>).data) as Entry)); // an entry holds no number of a document
  source.onopen = () => state(true);
  source.onerror = () => state(false);
  return () => source.close();
}
