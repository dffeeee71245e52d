/** A word for a POSIX shell: single-quoted, so that nothing in it is expanded. */
export const shellWord = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** A text literal for SQL under standard_conforming_strings. */
export const sqlText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** psql on Caracal's database; the address, which holds a password, stays a variable. */
export const psqlLine = (statement: string): string => `psql "$CARACAL_DATABASE_URL" -c ${shellWord(statement)}`;

/** redis-cli on Caracal's Redis. */
export const redisLine = (...words: readonly string[]): string =>
  `redis-cli -u "$CARACAL_REDIS_URL" ${words.map((word) => (/^[\w.:~*+=-]+$/.test(word) ? word : shellWord(word))).join(" ")}`;

/** A call of Caracal's API. `body` is JSON in which a secret stands as a quoted-out variable. */
export const curlLine = (method: string, path: string, body: string | null): string =>
  [
    `curl -fsS -X ${method} "$CARACAL_API_URL"${shellWord(path)}`,
    `-H "authorization: Bearer $CARACAL_ADMIN_TOKEN"`,
    ...(body === null ? [] : ["-H 'content-type: application/json'", `-d '${body}'`]),
  ].join(" ");
