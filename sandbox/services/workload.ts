import { setTimeout as delay } from "node:timers/promises";
import { openPool } from "./shared/engines";
import { seededSecret } from "./shared/client-secret";
import { optional, optionalNumber, required } from "./shared/environment";
import { goError, jsonAnswer, serve } from "./shared/http-server";
import { exitOnSignal } from "./shared/shutdown";

// Keeps the deployment moving: mints, exchanges, a few denials, replayed mandates, now and then a grant revocation.
const list = (name: string) =>
  optional(name, "")
    .split(",")
    .filter((url) => url !== "");
const stsUrls = list("STS_URLS").length > 0 ? list("STS_URLS") : [required("STS_URL")];
const gatewayUrls = list("GATEWAY_URLS");
const apiUrl = optional("API_URL", "");
const perSecond = optionalNumber("WORKLOAD_PER_SECOND", 2);
const maxRounds = optionalNumber("WORKLOAD_MAX_ROUNDS", 200_000);
const grantEvery = optionalNumber("WORKLOAD_GRANT_REVOCATION_EVERY", 300); // rounds; 0 for never
const pool = openPool(required("DATABASE_URL"));

type Target = { zone_id: string; application_id: string; identifier: string; grant_id: string | null };
const targetSql = `
  SELECT a.zone_id, a.id AS application_id, r.identifier,
    (SELECT g.id FROM delegated_grants g WHERE g.zone_id = a.zone_id AND g.status = 'active' AND g.user_id LIKE 'workload-%' ORDER BY random() LIMIT 1) AS grant_id
  FROM applications a JOIN resources r ON r.zone_id = a.zone_id
  WHERE a.archived_at IS NULL AND a.client_secret_hash IS NOT NULL
    AND EXISTS (SELECT FROM secrets s WHERE s.zone_id = a.zone_id AND s.name = 'zone_signing_key')
  ORDER BY random() LIMIT 1`;
const idleUserSql = `
  SELECT subject_id FROM sessions WHERE zone_id = $1 AND session_type = 'user' AND subject_id NOT LIKE 'workload-%'
  GROUP BY subject_id HAVING max(expires_at) < now() AND bool_and(status <> 'revoked') ORDER BY random() LIMIT 1`;

const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(Math.random() * items.length)];

async function mint(target: Target, extra: Record<string, string>): Promise<string | null> {
  const body = JSON.stringify({
    zone_id: target.zone_id,
    client_id: target.application_id,
    client_secret: seededSecret(target.application_id),
    resource: target.identifier,
    ...extra,
  });
  const response = await fetch(`${pick(stsUrls)}/oauth/token`, {
    method: "POST",
    body,
    signal: AbortSignal.timeout(5_000),
  });
  const answer = (await response.json()) as { access_token?: string };
  return answer.access_token ?? null;
}

async function present(token: string, times: number): Promise<void> {
  for (let turn = 0; turn < times; turn += 1) {
    const gateway = pick(gatewayUrls);
    if (gateway === undefined) return;
    const headers = { authorization: `Bearer ${token}` };
    await fetch(`${gateway}/resource`, { headers, signal: AbortSignal.timeout(5_000) }).then((response) =>
      response.text(),
    );
  }
}

async function round(number: number): Promise<void> {
  const { rows } = await pool.query<Target>(targetSql);
  const [target] = rows;
  if (target === undefined) return;
  const own: Record<string, string> = Math.random() < 0.5 ? { user_id: `workload-${number % 5}` } : {};
  if (Math.random() < 0.12) {
    await mint(target, { ...own, resource: `resource://unknown-${number % 9}` });
    return;
  }
  const ambient = await mint(target, { ...own, use: "ambient" });
  if (ambient === null) return;
  const perCall = await mint(target, { subject_token: ambient });
  if (perCall !== null) await present(perCall, number % 25 === 0 ? 2 : 1);
  if (number % 10 === 0) await returnOfAnIdleUser(target);
  if (grantEvery > 0 && number % grantEvery === 0 && target.grant_id !== null && apiUrl !== "") {
    const headers = { authorization: `Bearer ${required("ADMIN_TOKEN")}` };
    await fetch(`${apiUrl}/v1/zones/${target.zone_id}/grants/${target.grant_id}`, { method: "DELETE", headers });
  }
}

/** Keeps a long demo alive: a user of the zone with nothing alive and nothing ever revoked signs in again. */
async function returnOfAnIdleUser(target: Target): Promise<void> {
  const { rows } = await pool.query<{ subject_id: string }>(idleUserSql, [target.zone_id]);
  const user = rows[0]?.subject_id;
  if (user !== undefined) await mint(target, { user_id: user, use: "ambient" });
}

await serve(optional("HOST", "127.0.0.1"), Number(required("PORT")), (request) =>
  request.path === "/health" ? jsonAnswer(200, { ok: true }) : goError(404, "404 page not found"),
);
exitOnSignal();
for (let number = 1; number <= maxRounds; number += 1) {
  await round(number).catch(() => undefined); // a part is away: the next round tries again
  await delay(1_000 / perSecond);
}
