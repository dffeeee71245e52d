import { messageOf } from "@/server/platform/errors";
import { auditConsumers } from "@/server/playbooks/guided/audit-ingestion";
import type { Looking } from "@/server/playbooks/guided/playbook";
import { replicasOnKey } from "@/server/playbooks/guided/probe-replicas";
import { no, unknown, yes } from "@/server/playbooks/guided/probed";
import type { Probed } from "@/server/playbooks/guided/schemas";
import { askOf, isAbout, replicasOf, saysOf } from "@/server/playbooks/guided/service-replicas";
import { stops } from "@/server/playbooks/guided/service-impact";
import { readOutages } from "@/server/services/outages/outage-windows";
import type { Asked } from "@/server/services/restarts/standing-now";

const hourMs = 3_600_000;
const nobody = unknown("No address of this service is configured: nothing can be asked.");
const figuresOf = (asked: readonly Asked[]): NonNullable<Probed["figures"]> =>
  asked.map(({ address, reading }) => ({
    name: address.id,
    value: reading.ready ? "ready" : (reading.readyReason ?? "not ready"),
    source: `${address.id} /ready`,
  }));

/** Gateways that say that exchanges fail more often than before: a change, since a high share alone is how this release behaves (trap 19). */
const exchangeErrors = ({ db, run }: Looking): Promise<{ sentence: string }[]> =>
  db.query(
    `SELECT sentence FROM signal_records WHERE rule = 'exchange-errors' AND (cleared_at IS NULL OR cleared_at >= $1::timestamptz - interval '15 minutes')
      ORDER BY fired_at DESC LIMIT 5`,
    [run.created_at],
  );

/** Something is wrong with the service: a replica that is not ready, or was not within the hour, or exchanges that began to fail. */
export async function somethingDown(looking: Looking): Promise<Probed> {
  const asked = await askOf(looking);
  if (asked.length === 0) return nobody;
  const down = asked.filter(({ reading }) => !reading.ready);
  const kinds = [...new Set(asked.map(({ address }) => address.kind))];
  const gone = kinds.filter((kind) => asked.every(({ address, reading }) => address.kind !== kind || !reading.ready));
  const errors = isAbout(looking.run, "sts") ? await exchangeErrors(looking) : [];
  const lately = await readOutages(
    looking.db,
    asked.map(({ address }) => address.id),
    new Date(looking.run.created_at.getTime() - hourMs),
  );
  const over = lately.filter(({ upSince }) => upSince !== null).map(({ replica }) => replica);
  const consumers = await auditConsumers(looking.caracal, asked);
  const parts = [
    ...(down.length === 0 ? [`All ${asked.length} replicas answer ready.`] : [`${down.map(saysOf).join("; ")}.`]),
    ...gone.map((kind) => `No ${kind} is ready. ${stops[kind]}`),
    ...errors.map(({ sentence }) => `${sentence}.`),
    ...(over.length === 0 ? [] : [`Down within the last hour, and ready again: ${[...new Set(over)].join(", ")}.`]),
    ...(consumers === null ? [] : [consumers.sentence]),
  ];
  const seen = down.length > 0 || consumers?.done === false || errors.length > 0 || lately.length > 0;
  return {
    ...(seen ? yes(parts.join(" ")) : no(`${parts.join(" ")} Nothing is wrong that can be seen.`)),
    figures: figuresOf(asked),
  };
}

async function answers(work: () => Promise<unknown>): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

/** Postgres and Redis answer from here, and no replica says that it cannot reach what it needs. */
export async function dependenciesThere(looking: Looking): Promise<Probed> {
  const { caracal } = looking;
  // A gateway without STS is what a run about STS mends itself.
  const needs = isAbout(looking.run, "sts") ? /postgres|\bpg |redis/ : /postgres|\bpg |redis|\bsts |bindings/;
  const [postgres, redis, asked] = await Promise.all([
    answers(() => caracal.db.query("SELECT 1")),
    answers(() => caracal.redis.ping()),
    askOf(looking),
  ]);
  const away = [
    postgres === null ? null : `Postgres does not answer from here: ${postgres}`,
    redis === null ? null : `Redis does not answer from here: ${redis}.`,
    ...asked.filter(({ reading }) => needs.test(reading.readyReason ?? "")).map((one) => `${saysOf(one)}.`),
  ].filter((part) => part !== null);
  if (away.length > 0) return no(`Mend this first; a restart does not. ${away.join(" ")}`);
  const silent = asked.filter(({ reading }) => !reading.reachable);
  return yes(
    `Postgres and Redis answer from here, and no replica that answers says otherwise.${silent.length === 0 ? "" : ` ${silent.map(saysOf).join("; ")}.`}`,
  );
}

/** Every replica that the run is about is ready right now; of audit, its consumer reads too, or is idle with nothing to read. */
export async function everyReplicaReady(looking: Looking): Promise<Probed> {
  if (replicasOf(looking).length === 0) return nobody;
  const asked = await askOf(looking);
  const down = asked.filter(({ reading }) => !reading.ready);
  if (down.length > 0) return { ...no(`${down.map(saysOf).join("; ")}.`), figures: figuresOf(asked) };
  const consumers = await auditConsumers(looking.caracal, asked);
  if (consumers !== null && consumers.done !== true) return { ...consumers, figures: figuresOf(asked) };
  const ready = `${asked.map(({ address }) => address.id).join(", ")} ready.`;
  return { ...yes([ready, consumers?.sentence].filter(Boolean).join(" ")), figures: figuresOf(asked) };
}

/** As everyReplicaReady, and every STS serves the keys that the rows hold: /ready says nothing about the KEK (trap 16). */
export async function everyReplicaServes(looking: Looking): Promise<Probed> {
  const ready = await everyReplicaReady(looking);
  if (ready.done !== true || !isAbout(looking.run, "sts")) return ready;
  const keys = await replicasOnKey(looking);
  return { ...keys, sentence: `${ready.sentence} ${keys.sentence}`, figures: ready.figures ?? [] };
}
