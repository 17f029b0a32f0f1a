/** The tabs beside the result. */
export const tabs = [
  { name: 'result', title: 'Result' },
  { name: 'diff', title: 'Diff' },
  { name: 'tests', title: 'Tests' },
  { name: 'unread', title: 'Unread' },
  { name: 'canonical', title: 'Canonical' },
  { name: 'request', title: 'Request' },
] as const;

export type Tab = (typeof tabs)[number]['name'];
