/** A value quoted for a POSIX shell; plain words stay as they are. */
export function shellQuote(value: string): string {
  return /^[A-Za-z0-9_./:@-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}

const cli = 'redis-cli -u "$CARACAL_REDIS_URL"';

/** The same page of entries by hand. `from` is exclusive, as on the page. */
export function entriesCommand(
  stream: string,
  direction: "newest" | "oldest",
  from: string | null,
  limit: number,
): string {
  const start = from === null ? null : shellQuote(`(${from}`);
  return direction === "newest"
    ? `${cli} XREVRANGE ${shellQuote(stream)} ${start ?? "+"} - COUNT ${limit}`
    : `${cli} XRANGE ${shellQuote(stream)} ${start ?? "-"} + COUNT ${limit}`;
}

/** What a group was given and has not acknowledged. */
export function pendingCommand(stream: string, group: string, from: string | null, limit: number): string {
  const start = from === null ? "-" : shellQuote(`(${from}`);
  return `${cli} XPENDING ${shellQuote(stream)} ${shellQuote(group)} ${start} + ${limit}`;
}

/** Groups of a stream, and the consumers of each. */
export function groupsCommand(stream: string, groups: readonly string[]): string {
  return [
    `${cli} XINFO GROUPS ${shellQuote(stream)}`,
    ...groups.map((group) => `${cli} XINFO CONSUMERS ${shellQuote(stream)} ${shellQuote(group)}`),
  ].join("\n");
}
