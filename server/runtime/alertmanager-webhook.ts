import { createHash, timingSafeEqual } from "node:crypto";
import { RateLimiterMemory } from "rate-limiter-flexible";
import { alertmanagerPayload, mostAlertBytes, signalsOf } from "@/server/notifications/alertmanager";
import { takeAlerts } from "@/server/notifications/take-alerts";
import { DomainError, messageOf } from "@/server/platform/errors";
import { log } from "@/server/platform/log";
import type { Database } from "@/server/platform/postgres";
import type { Settings } from "@/server/platform/settings";
import { withoutCredentials } from "@/server/platform/without-credentials";

type Context = { readonly db: Database; readonly settings: Pick<Settings, "ALERTMANAGER_TOKEN"> };

const digest = (text: string) => createHash("sha256").update(text).digest();
const answer = (status: number, body: object) =>
  Response.json(body, { status, headers: { "cache-control": "no-store" } });
const refuse = (status: number, error: string) => answer(status, { error });

/** Of one replica, a minute: far above what a busy Alertmanager sends, far below what would keep the database busy. */
export const mostPosts = { known: 240, unknown: 30 };
const posts = {
  known: new RateLimiterMemory({ points: mostPosts.known, duration: 60 }),
  unknown: new RateLimiterMemory({ points: mostPosts.unknown, duration: 60 }), // without the token: guessing is slow
};
const tooMany = (who: keyof typeof posts): Promise<boolean> =>
  posts[who].consume("all").then(
    () => false,
    () => true,
  );
/** Forgets what was counted. */
export const forgetPosts = (): Promise<unknown> =>
  Promise.all([posts.known.delete("all"), posts.unknown.delete("all")]);

/** The body as text, or null when it is longer than allowed; no more than that is ever held. */
async function bodyOf(request: Request): Promise<string | null> {
  if (Number(request.headers.get("content-length") ?? 0) > mostAlertBytes) return null;
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = request.body?.getReader();
  for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) {
    size += part.value.byteLength;
    parts.push(part.value);
    if (size <= mostAlertBytes) continue;
    await reader?.cancel();
    return null;
  }
  return Buffer.concat(parts).toString("utf8");
}

function openPayload(body: string): ReturnType<typeof alertmanagerPayload.safeParse> | null {
  try {
    return alertmanagerPayload.safeParse(JSON.parse(body));
  } catch {
    return null;
  }
}

/**
 * What Alertmanager posts (webhook version 4): firing alerts become signals on Now, resolved ones clear them. 404 without
 * ALERTMANAGER_TOKEN, 401 with another token, 413 or 400 for what is too long or not understood; 503 makes it try again, also when
 * more comes than is taken. Nothing of a body is read before its token was looked at.
 */
export async function receiveAlertmanager(request: Request, { db, settings }: Context): Promise<Response> {
  const token = settings.ALERTMANAGER_TOKEN;
  if (token === undefined) return refuse(404, "Alertmanager's webhook is not configured here: set ALERTMANAGER_TOKEN.");
  const given = /^Bearer (\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
  if (!timingSafeEqual(digest(given), digest(token)))
    return (await tooMany("unknown"))
      ? refuse(429, "Too many posts without the token. Wait a minute.")
      : refuse(401, "The bearer token is missing or wrong.");
  if (await tooMany("known")) return refuse(503, "More alerts than are taken in a minute. Try again.");
  const body = await bodyOf(request);
  if (body === null) return refuse(413, "The body is longer than 1 MB. Send smaller groups.");
  const parsed = openPayload(body);
  if (parsed === null) return refuse(400, "The body is not JSON.");
  if (!parsed.success) {
    const [problem] = parsed.error.issues;
    return refuse(400, `Not a webhook of version 4: ${problem?.path.join(".")} ${problem?.message}.`);
  }
  try {
    return answer(200, await takeAlerts({ ctx: { db }, input: signalsOf(parsed.data) }));
  } catch (error) {
    log.warn({ reason: withoutCredentials(messageOf(error)) }, "alerts were not taken");
    const away = error instanceof DomainError && error.code === "source_unreachable";
    return refuse(away ? 503 : 500, "The alerts were not stored. Try again.");
  }
}
