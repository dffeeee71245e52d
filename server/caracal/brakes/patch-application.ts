import type { Deployment } from "@/server/caracal/deployment";

/** How the API answered. `unknown`: it may or may not have been done. */
export type PatchOutcome =
  | { readonly kind: "done" }
  | { readonly kind: "refused"; readonly status: number }
  | { readonly kind: "unreachable" }
  | { readonly kind: "unknown" };

const timeoutMs = 10_000;

/**
 * Replaces an application's secret through the first API replica that answers: PATCH /v1/zones/:zone/applications/:id (contract
 * section 1). A connection that was refused did nothing and the next replica is tried; one that broke or timed out may have.
 * Neither token nor secret is in anything that this gives or throws.
 */
export async function patchApplicationSecret(
  caracal: Pick<Deployment, "replicas" | "adminToken">,
  given: { readonly zoneId: string; readonly applicationId: string; readonly secret: string },
): Promise<PatchOutcome> {
  const path = `/v1/zones/${encodeURIComponent(given.zoneId)}/applications/${encodeURIComponent(given.applicationId)}`;
  for (const { url } of caracal.replicas.filter(({ kind }) => kind === "api")) {
    try {
      const answer = await fetch(`${url}${path}`, {
        method: "PATCH",
        headers: { authorization: `Bearer ${caracal.adminToken}`, "content-type": "application/json" },
        body: JSON.stringify({ client_secret: given.secret }),
        redirect: "error",
        signal: AbortSignal.timeout(timeoutMs),
      });
      await answer.body?.cancel();
      if (answer.ok) return { kind: "done" };
      return answer.status >= 500 ? { kind: "unknown" } : { kind: "refused", status: answer.status };
    } catch (error) {
      if (!wasRefused(error)) return { kind: "unknown" };
    }
  }
  return { kind: "unreachable" };
}

/** True when no connection came about: then nothing was sent. */
function wasRefused(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : null;
  return (
    cause instanceof Error &&
    "code" in cause &&
    ["ECONNREFUSED", "ENOTFOUND", "EHOSTUNREACH", "ENETUNREACH"].includes(String(cause.code))
  );
}
