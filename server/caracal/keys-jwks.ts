import { calculateJwkThumbprint } from "jose";
import { z } from "zod";
import type { Answer } from "@/server/caracal/services/read-replica";

export type ServedKey = { readonly kid: string; readonly thumbprint: string }; // RFC 7638, SHA-256

/** What one STS replica answered for one zone: its keys, or why there are none. */
export type JwksAnswer = {
  readonly status: number | null; // null: no answer
  readonly keys: readonly ServedKey[] | null; // null: no key list came
  readonly reason: string | null; // in the replica's words, or ours when it gave none
};

const keySet = z.object({
  keys: z
    .array(z.object({ kid: z.string(), kty: z.literal("EC"), crv: z.string(), x: z.string(), y: z.string() }))
    .max(20),
});
const errorBody = z.object({ error_description: z.string() });

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

/** Reads a JWKS body (contract section 1). Anything that is no list of EC keys gives `keys` null and a reason. */
export async function readJwksAnswer(answer: Answer): Promise<JwksAnswer> {
  if ("failed" in answer) return { status: null, keys: null, reason: answer.failed };
  const { status, body } = answer;
  const json = parse(body);
  if (status !== 200) {
    const described = errorBody.safeParse(json);
    const words = described.success ? described.data.error_description : body.trim();
    return { status, keys: null, reason: words.slice(0, 200) || `answered ${status}` };
  }
  const set = keySet.safeParse(json);
  if (!set.success) return { status, keys: null, reason: "answered something that is not a list of EC keys" };
  const keys = await Promise.all(
    set.data.keys.map(async (key) => ({ kid: key.kid, thumbprint: await calculateJwkThumbprint(key, "sha256") })),
  );
  return { status, keys, reason: null };
}

export type Agreement = { readonly agrees: boolean | null; readonly reason: string | null };

/** Whether the replica's Postgres and Redis answer it: /ready, null when that could not be asked. */
export type Readiness = { readonly ready: boolean; readonly reason: string | null } | null;

/**
 * Compares what a replica serves with the zone's two newest key rows (trap 16). False: it serves other keys or cannot open
 * them. Null: cannot be told, since it gave no answer or is itself cut off (a 404 then says nothing). Pure.
 */
export function judgeJwks(newestKids: readonly string[], answer: JwksAnswer, readiness: Readiness): Agreement {
  if (answer.status === null) return { agrees: null, reason: answer.reason };
  const expected = newestKids.slice(0, 2);
  if (answer.keys !== null) {
    const served = answer.keys.map((key) => key.kid);
    const absent = expected.filter((kid) => !served.includes(kid));
    const extra = served.filter((kid) => !expected.includes(kid));
    if (absent.length === 0 && extra.length === 0) return { agrees: true, reason: null };
    const leftOut = `It leaves out ${absent.join(" and ")}: it cannot open that row (another ZONE_KEK?) or has not read it yet.`;
    const stillServed = `It still serves ${extra.join(" and ")}, which is not among the two newest rows.`;
    return {
      agrees: false,
      reason: [absent.length > 0 && leftOut, extra.length > 0 && stillServed].filter(Boolean).join(" "),
    };
  }
  if (answer.status === 500 && /decrypt/i.test(answer.reason ?? ""))
    return {
      agrees: false,
      reason: `${answer.reason}: it runs under another ZONE_KEK than these rows were sealed with.`,
    };
  if (readiness === null || !readiness.ready)
    return {
      agrees: null,
      reason: `${answer.reason} (not ready: ${readiness?.reason ?? "its /ready did not answer"}), so this says nothing about keys.`,
    };
  if (answer.status === 404) {
    if (expected.length === 0) return { agrees: true, reason: "No signing key, here as in Postgres." };
    return {
      agrees: false,
      reason: `${answer.reason}, though Postgres has ${expected.length === 1 ? "one" : "some"} and the replica is ready.`,
    };
  }
  return { agrees: answer.status >= 500 ? false : null, reason: answer.reason };
}
