/** The time as it passes, for words such as "2 minutes ago". */
class Clock {
  now = $state(Date.now());
  constructor() {
    setInterval(() => (this.now = Date.now()), 1000);
  }
}

export const clock = new Clock();

const units: [number, string, string][] = [
  [86_400_000, 'day', 'days'],
  [3_600_000, 'hour', 'hours'],
  [60_000, 'minute', 'minutes'],
  [1000, 'second', 'seconds'],
];

/** An instant as people say it: "2 minutes ago", "in 3 seconds". */
export function relative(at: string, now: number): string {
  const distance = Date.parse(at) - now;
  const size = Math.abs(distance);
  for (const [unit, one, many] of units) {
    if (size < unit) continue;
    const n = Math.floor(size / unit);
    const words = `${n} ${n === 1 ? one : many}`;
    return distance < 0 ? `${words} ago` : `in ${words}`;
  }
  return 'now';
}

/** The instant to the second, in the time zone of who looks. */
export function exact(at: string): string {
  return new Date(at).toLocaleString('sv-SE', { timeZoneName: 'short' });
}
