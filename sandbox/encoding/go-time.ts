const nanosecondsPerSecond = 1_000_000_000n;
const rfc3339 = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$/;

/** Unix nanoseconds as Go writes RFC 3339 with nanoseconds: UTC, fraction without trailing zeros, none when whole. */
export function rfc3339Nano(nanoseconds: bigint): string {
  const rest = ((nanoseconds % nanosecondsPerSecond) + nanosecondsPerSecond) % nanosecondsPerSecond;
  const seconds = (nanoseconds - rest) / nanosecondsPerSecond;
  const whole = new Date(Number(seconds) * 1_000).toISOString().slice(0, 19);
  const fraction = rest === 0n ? "" : `.${rest.toString().padStart(9, "0").replace(/0+$/, "")}`;
  return `${whole}${fraction}Z`;
}

/** Unix nanoseconds of an RFC 3339 time, or null when the text is none. */
export function parseRfc3339(text: string): bigint | null {
  const parts = rfc3339.exec(text);
  if (parts === null) return null;
  const milliseconds = Date.parse(`${parts[1]}${parts[3]}`);
  if (Number.isNaN(milliseconds)) return null;
  return BigInt(milliseconds) * 1_000_000n + BigInt((parts[2] ?? "").padEnd(9, "0"));
}

/** Unix nanoseconds as a timestamptz literal with the microseconds that Postgres keeps: truncated, not rounded. */
export function postgresTime(nanoseconds: bigint): string {
  const micros = nanoseconds / 1_000n - (nanoseconds < 0n && nanoseconds % 1_000n !== 0n ? 1n : 0n);
  return rfc3339Nano(micros * 1_000n);
}

/** The clock in Unix nanoseconds: milliseconds of the wall clock with the finer digits of the monotonic one. */
export const nowNanoseconds = (): bigint => BigInt(Date.now()) * 1_000_000n + (process.hrtime.bigint() % 1_000_000n);
