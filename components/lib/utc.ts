const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const two = (value: number) => String(value).padStart(2, "0");

/** "02:14:31", by UTC. */
export function utcClock(at: number): string {
  const date = new Date(at);
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
}

/** "22 Nov 2026", by UTC. */
export function utcDay(at: number): string {
  const date = new Date(at);
  return `${date.getUTCDate()} ${months[date.getUTCMonth()] ?? ""} ${date.getUTCFullYear()}`;
}

/** So near, the clock alone cannot mean another day: midnight does not make every time longer. */
const nearMs = 12 * 3_600_000;

/** "02:14:31 UTC", with the day in front when it is neither today's nor within twelve hours (`now` null: without). */
export function utcStamp(at: number, now: number | null): string {
  const clock = `${utcClock(at)} UTC`;
  return now === null || Math.abs(now - at) < nearMs || utcDay(at) === utcDay(now) ? clock : `${utcDay(at)} ${clock}`;
}

/** Epoch ms of "2026-11-23 02:14[:31[.5]]", with or without T and Z, always as UTC; null when it is no such time. */
export function parseUtc(text: string): number | null {
  const match = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2})(:\d{2}(?:\.\d{1,6})?)?)?(?:Z| ?UTC)?$/.exec(text.trim());
  if (match === null) return null;
  const at = Date.parse(`${match[1]}T${match[2] ?? "00:00"}${match[3] ?? ":00"}Z`);
  return Number.isNaN(at) ? null : at;
}
