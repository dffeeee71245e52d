const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const two = (value: number) => String(value).padStart(2, "0");

/**
 * A length of time in its two largest units, cut and never rounded up: "340 ms", "12 s", "4 min 05 s", "2 h 05 min",
 * "3 d 4 h". Input in milliseconds; negative counts as 0.
 */
export function formatDuration(ms: number): string {
  const left = Math.max(0, Math.floor(ms));
  if (left < second) return left === 0 ? "0 s" : `${left} ms`;
  if (left < minute) return `${Math.floor(left / second)} s`;
  if (left < hour) return `${Math.floor(left / minute)} min ${two(Math.floor((left % minute) / second))} s`;
  if (left < day) return `${Math.floor(left / hour)} h ${two(Math.floor((left % hour) / minute))} min`;
  return `${Math.floor(left / day)} d ${Math.floor((left % day) / hour)} h`;
}

/** As formatDuration, in whole seconds: ages do not flicker through milliseconds. */
export function formatAge(ms: number): string {
  return formatDuration(Math.floor(Math.max(0, ms) / second) * second);
}

/** Two clocks, or a picture between two ticks of the page's clock, differ by this much without anything lying ahead. */
const sameMoment = 1_500;

/** "now", "12 s ago", or "in 4 min 05 s" for what is still to come. Both in epoch milliseconds. */
export function formatAgo(at: number, now: number): string {
  if (now - at < second && at - now <= sameMoment) return "now";
  if (at > now) {
    const seconds = Math.ceil((at - now) / second);
    return `in ${formatAge(seconds * second)}`;
  }
  return `${formatAge(now - at)} ago`;
}

/** A running clock, "00:42:10"; days go into the hours ("51:00:00"). A countdown rounds up, so that 00:00:00 means over. */
export function formatClock(ms: number, direction: "up" | "down" = "up"): string {
  const seconds = direction === "up" ? Math.floor(Math.max(0, ms) / second) : Math.ceil(Math.max(0, ms) / second);
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
