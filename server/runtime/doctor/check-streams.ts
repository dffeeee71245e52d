import type { Redis } from "ioredis";
import { compareStreamsKey } from "@/server/caracal/revocation/preflight";
import { expectedStreams, readerOf } from "@/server/caracal/streams/expected-streams";
import { readStreams } from "@/server/caracal/streams/read-streams";
import { createStreamMemory } from "@/server/caracal/streams/stream-memory";
import { fail, few, type Finding, ok, warn } from "@/server/runtime/doctor/finding";

/** The streams and groups of contract section 3: a group that a service reads fails when missing, a merely provisioned one warns. */
export async function checkStreams(redis: Redis, now: number): Promise<readonly Finding[]> {
  const names = expectedStreams.map(({ name }) => name);
  const { streams, gone } = await readStreams(redis, names, createStreamMemory(), now, () => undefined);
  const findings: Finding[] = [];
  if (gone.length > 0)
    findings.push(
      fail(
        "streams",
        `${few(gone)} ${gone.length === 1 ? "does" : "do"} not exist.`,
        "Run Caracal's stream provisioning, and check that CARACAL_REDIS_URL names Caracal's Redis and database number.",
      ),
    );
  else findings.push(ok("streams", `All ${names.length} streams of the release exist.`));
  for (const { name, missingGroups } of streams.filter((stream) => !gone.includes(stream.name)))
    for (const group of missingGroups) {
      const reader = readerOf(group);
      findings.push(
        reader === null
          ? warn("groups", `Group ${group} is missing on ${name}.`, "Run Caracal's stream provisioning.")
          : fail(
              "groups",
              `Group ${group} is missing on ${name}: no ${reader} reads that stream.`,
              `Restart every replica of ${reader}: it makes the group when it starts. Then see what it missed meanwhile.`,
            ),
      );
    }
  if (findings.every(({ status }) => status === "ok"))
    findings.push(
      ok("groups", `All ${expectedStreams.reduce((sum, { groups }) => sum + groups.length, 0)} groups exist.`),
    );
  return findings;
}

/** Whether consumers would take what this console signs: its key against the newest ten entries that another publisher signed. */
export async function checkStreamsKey(redis: Redis, key: Buffer | null): Promise<Finding> {
  const name = "stream key";
  if (key === null)
    return warn(
      name,
      "STREAMS_HMAC_KEY is not set: signatures cannot be checked, and revocations go by the API's lane at 128 events a second.",
      "Set it to Caracal's STREAMS_HMAC_KEY.",
    );
  const compared = await compareStreamsKey(redis, key);
  if (compared.verdict === "agrees") return ok(name, `It verifies the newest signed entries of ${compared.stream}.`);
  if (compared.verdict === "nothing-to-compare")
    return warn(
      name,
      "No signed entry of Caracal is there to compare STREAMS_HMAC_KEY with.",
      "Run npm run doctor again when Caracal has published something.",
    );
  return fail(
    name,
    `STREAMS_HMAC_KEY verifies none of the newest signed entries of ${compared.stream}: consumers would drop what this console signs.`,
    "Set it to the STREAMS_HMAC_KEY that Caracal runs with.",
  );
}
