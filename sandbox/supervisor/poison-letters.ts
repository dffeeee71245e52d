import { randomBytes, randomUUID } from "node:crypto";
import { eventSignature, wireEvent } from "@/sandbox/encoding/audit-event";
import type { Deployment } from "@/sandbox/supervisor/deployment";
import type { Drill } from "@/sandbox/supervisor/drill";
import { withRedis } from "@/sandbox/supervisor/poison";
import { toEntries } from "@/sandbox/services/shared/streams";

const audit = "caracal.audit.events";
const dlq = `${audit}.dlq`;
const honest = 12; // events of a drill that are not at fault
const zoneOf = (deployment: Deployment): string => deployment.seeded.zones[0]?.id ?? "unknown";
const keyOf = (deployment: Deployment): Buffer => Buffer.from(deployment.secrets.auditHmacKey, "hex");

function honestEvent(deployment: Deployment) {
  const id = randomUUID();
  const data = wireEvent({
    id,
    zoneId: zoneOf(deployment),
    eventType: "token_exchange",
    requestId: randomUUID(),
    decision: "allow",
    evaluationStatus: "complete",
    determiningPolicies: [{ policy: "base" }],
    diagnostics: [],
    metadata: { resource: "resource://drill" },
    occurredAt: BigInt(Date.now()) * 1_000_000n + BigInt(randomBytes(2).readUInt16BE()),
  });
  return { id, data, sig: eventSignature(keyOf(deployment), data) };
}

/** Puts messages on a stream as they are. */
const put = (deployment: Deployment, stream: string, messages: readonly Record<string, string>[]): Promise<void> =>
  withRedis(deployment, async (redis) => {
    const pipe = redis.pipeline();
    for (const fields of messages) pipe.xadd(stream, "*", ...Object.entries(fields).flat());
    await pipe.exec();
  });

const several = <T>(make: () => T): T[] => Array.from({ length: honest }, make);

async function signedChange(deployment: Deployment, change: (data: string) => string): Promise<Record<string, string>> {
  const { id, data } = honestEvent(deployment);
  const changed = change(data);
  return { id, data: changed, sig: eventSignature(keyOf(deployment), changed) };
}

/** The newest event of the stream once more with another decision, signed with the key. */
async function rewrittenReplay(deployment: Deployment): Promise<void> {
  await withRedis(deployment, async (redis) => {
    const newest = toEntries(await redis.xrevrange(audit, "+", "-", "COUNT", 50));
    const stored = newest.find(({ fields }) => /"decision":"(allow|deny)"/.test(fields.data ?? ""));
    if (stored === undefined) throw new Error("The audit stream holds no event that could be rewritten.");
    const data = (stored.fields.data ?? "").replace(
      /"decision":"(allow|deny)"/,
      (_all, was) => `"decision":"${was === "allow" ? "deny" : "allow"}"`,
    );
    await redis.xadd(
      audit,
      "*",
      "id",
      stored.fields.id ?? "",
      "data",
      data,
      "sig",
      eventSignature(keyOf(deployment), data),
    );
  });
}

/** What a gateway reports of a mandate that it has seen before: no zone, no signature. */
function replayReport(): Record<string, string> {
  const [id, request] = [randomUUID(), randomUUID()];
  const metadata = {
    client_id: randomUUID(),
    jti: randomUUID(),
    request_id: request,
    resource: "resource://drill/ledger",
    subject_fp: randomBytes(8).toString("hex"),
  };
  const event = {
    decision: "deny",
    evaluation_status: "anomaly",
    event_type: "replay_detected",
    id,
    metadata_json: metadata,
    occurred_at: new Date().toISOString(),
    request_id: request,
  };
  return { id, data: JSON.stringify(event) };
}

/** A switch for each reason for which audit events land in the dead letters (contract section 3). */
export const letterDrills: Readonly<Record<string, Drill>> = {
  "poison-dlq-no-data": {
    summary: "An audit message without data: dead-lettered as missing_data_field.",
    run: (deployment) => put(deployment, audit, [{ note: "no data" }]),
  },
  "poison-dlq-signature": {
    summary: "An audit event with a wrong signature: dead-lettered as hmac_verify_failed.",
    run: (deployment) => put(deployment, audit, [{ ...honestEvent(deployment), sig: "0".repeat(64) }]),
  },
  "poison-dlq-json": {
    summary: "A signed audit event that is broken JSON: dead-lettered as json_parse_error.",
    run: async (deployment) => put(deployment, audit, [await signedChange(deployment, (data) => data.slice(0, 20))]),
  },
  "poison-dlq-refused": {
    summary:
      "A signed audit event that Postgres refuses for good (NUL in its metadata): dead-lettered as pg_permanent_error.",
    run: async (deployment) =>
      put(deployment, audit, [await signedChange(deployment, (data) => data.replace("resource://drill", "\\u0000"))]),
  },
  "poison-dlq-tampered": {
    summary: "A recorded event once more with another decision, signed: dead-lettered as tamper_on_replay.",
    run: rewrittenReplay,
  },
  "poison-dlq-replay": {
    summary: "A gateway's report of a replayed mandate: a security signal among the dead letters.",
    run: (deployment) => put(deployment, audit, [replayReport()]),
  },
  "poison-dlq-outage": {
    summary: `Leaves ${honest} honest events among the dead letters, as minutes without Postgres would: redrive them.`,
    run: (deployment) =>
      put(
        deployment,
        dlq,
        several(() => {
          const { id, data, sig } = honestEvent(deployment);
          const reason = "transient_exceeded_max_deliveries:failed to connect: connection refused";
          return { reason, received_at: String(Date.now()), src_id: id, src_data: data, src_sig: sig };
        }),
      ),
  },
  "wrong-audit-key": {
    summary: `Restarts audit on another AUDIT_HMAC_KEY and publishes ${honest} honest events: all land in the dead letters. End it with restore-audit-key, then redrive.`,
    async run(deployment) {
      for (const service of deployment.replicasOf("audit"))
        await service.restart({ AUDIT_HMAC_KEY: randomBytes(32).toString("hex") });
      await put(
        deployment,
        audit,
        several(() => honestEvent(deployment)),
      );
    },
  },
  "restore-audit-key": {
    summary: "Restarts audit on the right AUDIT_HMAC_KEY.",
    async run(deployment) {
      for (const service of deployment.replicasOf("audit")) await service.restart();
    },
  },
};
