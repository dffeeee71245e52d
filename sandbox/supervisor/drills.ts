import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Deployment } from "@/sandbox/supervisor/deployment";
import type { Drill } from "@/sandbox/supervisor/drill";
import { engineDrills, writable } from "@/sandbox/supervisor/engine-drills";
import { forgeRevocation, poisonAudit, poisonRevocation } from "@/sandbox/supervisor/poison";
import { letterDrills } from "@/sandbox/supervisor/poison-letters";
import type { Service } from "@/sandbox/supervisor/service";
import { callWith, forgeMandate } from "@/sandbox/supervisor/thief";
import { tamperings, undoTampering } from "@/sandbox/supervisor/tamper";
import type { ServiceKind } from "@/sandbox/supervisor/topology";

const each = async (services: readonly Service[], act: (service: Service) => Promise<void>): Promise<void> => {
  await Promise.all(services.map(act));
};
const all = (kind: ServiceKind, act: (service: Service) => Promise<void>) => (deployment: Deployment) =>
  each(deployment.replicasOf(kind), act);

const signatureReaders: readonly ServiceKind[] = ["sts", "gateway", "resource-server"];
const signedWith = (deployment: Deployment, kinds: readonly ServiceKind[], environment: Record<string, string>) =>
  each(
    kinds.flatMap((kind) => deployment.replicasOf(kind)),
    (service) => service.restart(environment),
  );
const otherKey = () => randomBytes(32).toString("hex");

async function onNextKek(deployment: Deployment, services: readonly Service[]): Promise<void> {
  const kek = (await readFile(deployment.kekFiles.next, "utf8")).trim();
  for (const service of services) await service.recreate({ ZONE_KEK: kek });
}

/** Engines up and unfrozen first, then tampering taken back and every service running, awake, quick and on its own environment. */
async function restore(deployment: Deployment): Promise<void> {
  for (const engine of [deployment.postgres, deployment.redis]) {
    await engine.resume();
    await engine.start();
  }
  await writable(deployment, true);
  await undoTampering(deployment);
  await each(deployment.services, (service) => service.restart());
}

/** Ends pauses only: counters and memories of the services stay as they are. */
async function resume(deployment: Deployment): Promise<void> {
  await Promise.all([deployment.postgres.resume(), deployment.redis.resume()]);
  await each(deployment.services, (service) => service.resume());
}

/** Every fault switch by its name. */
export const drills: Readonly<Record<string, Drill>> = {
  "pause-sts": {
    summary: "Freezes every STS: revocations stay unread by sts-revocation. End it with resume-sts.",
    run: all("sts", (service) => service.pause()),
  },
  "resume-sts": { summary: "Wakes every STS.", run: all("sts", (service) => service.resume()) },
  "kill-gateway": {
    summary: "Kills gateway-2: its revocations in memory are gone. Start it again with restore-gateway.",
    run: (deployment) => deployment.service("gateway-2").kill(),
  },
  "restore-gateway": {
    summary: "Starts every gateway that is not running, and wakes those that are frozen.",
    run: all("gateway", async (service) => {
      await service.resume();
      await service.start();
    }),
  },
  "restart-gateway": {
    summary: "Restarts gateway-1: it forgets every revocation it knew.",
    run: (deployment) => deployment.service("gateway-1").restart(),
  },
  "pause-gateway": {
    summary: "Freezes gateway-2. End it with resume-gateway.",
    run: (deployment) => deployment.service("gateway-2").pause(),
  },
  "resume-gateway": { summary: "Wakes every gateway.", run: all("gateway", (service) => service.resume()) },
  "slow-gateway": {
    summary: "Lets gateway-1 answer after two seconds. End it with restore.",
    run: (deployment) => deployment.service("gateway-1").slow(2_000),
  },
  "wrong-stream-key": {
    summary:
      "Restarts STS, gateways and the resource server on another STREAMS_HMAC_KEY: they ack and drop every revocation. End it with restore-stream-key.",
    run: (deployment) => signedWith(deployment, signatureReaders, { STREAMS_HMAC_KEY: otherKey() }),
  },
  "wrong-api-stream-key": {
    summary:
      "Restarts the API on another STREAMS_HMAC_KEY: what it publishes is dropped by every consumer. End it with restore-stream-key.",
    run: (deployment) => signedWith(deployment, ["api"], { STREAMS_HMAC_KEY: otherKey() }),
  },
  "restore-stream-key": {
    summary: "Restarts the API, STS, gateways and the resource server on the right STREAMS_HMAC_KEY.",
    run: (deployment) => signedWith(deployment, ["api", ...signatureReaders], {}),
  },
  "wrong-kek": {
    summary: "Restarts sts-2 on another ZONE_KEK: ready, but its JWKS and exchanges answer 500. End it with restore.",
    run: (deployment) => deployment.service("sts-2").restart({ ZONE_KEK: otherKey() }),
  },
  "leak-kek": {
    summary:
      "A thief with the KEK signs a mandate for a session that never was, and calls the resource server. It fails when it is refused: the KEK playbook is done then.",
    async run(deployment) {
      const answers = await callWith(deployment, await forgeMandate(deployment));
      if (answers.some((status) => status !== 200))
        throw new Error(`The forged mandate is refused: ${answers.join(", ")}.`);
    },
  },
  "recreate-on-next-kek": {
    summary:
      "Recreates each STS and API on the KEK that the console has put in the next file, one at a time; audit spools are destroyed by it.",
    run: (deployment) => onNextKek(deployment, [...deployment.replicasOf("sts"), ...deployment.replicasOf("api")]),
  },
  "sts-1-on-next-kek": {
    summary: "Recreates sts-1 alone on the next KEK: sts-2 is left on the old one and goes on sealing grants under it.",
    run: (deployment) => onNextKek(deployment, [deployment.service("sts-1")]),
  },
  "drain-spools": {
    summary: "Restarts each STS plainly, one at a time: what waits in audit spools is published.",
    async run(deployment) {
      for (const service of deployment.replicasOf("sts")) await service.restart();
    },
  },
  "refresh-grants": {
    summary: "Every STS refreshes every grant it can open, and seals the new tokens under its own KEK.",
    run: all("sts", async (service) => {
      await fetch(`${service.url}/__sandbox/refresh`, { method: "POST", signal: AbortSignal.timeout(30_000) });
    }),
  },
  "kill-sts": {
    summary: "Kills every STS; their containers and spools stay. Start them again with restart-sts, or restore.",
    run: all("sts", (service) => service.kill()),
  },
  "kill-sts-1": {
    summary: "Kills sts-1 alone. Start it again with restart-sts, or restore.",
    run: (deployment) => deployment.service("sts-1").kill(),
  },
  "restart-sts": {
    summary: "Restarts every STS plainly: what waits in spools is kept and published.",
    run: all("sts", (service) => service.restart()),
  },
  "recreate-sts": {
    summary: "Recreates every STS on its own settings, as an image change does: what waits in spools is lost for good.",
    run: all("sts", (service) => service.recreate({})),
  },
  "kill-audit": {
    summary: "Kills audit: events wait in the stream. End it with restore.",
    run: all("audit", (service) => service.kill()),
  },
  "kill-api": { summary: "Kills the API. End it with restore.", run: all("api", (service) => service.kill()) },
  "kill-coordinator": {
    summary: "Kills the coordinator. End it with restore.",
    run: all("coordinator", (service) => service.kill()),
  },
  "kill-gateways": {
    summary: "Kills every gateway. End it with restore-gateway or restore.",
    run: all("gateway", (service) => service.kill()),
  },
  "kill-everything": {
    summary: "Kills every replica of every service; Postgres and Redis stay. End it with restore.",
    run: (deployment) => each(deployment.services, (service) => service.kill()),
  },
  "deaf-sts-2": {
    summary:
      "Starts sts-2 while Redis is away: it says ready and reads nothing, for ever. End it with restart-sts or restore.",
    async run(deployment) {
      await deployment.redis.stop();
      await deployment.service("sts-2").restart();
      await deployment.redis.start();
    },
  },
  ...engineDrills,
  "poison-dlq": {
    summary: "Puts 25 badly signed audit events and one without data on the stream: they land in the dead letters.",
    run: (deployment) => poisonAudit(deployment, 25),
  },
  ...letterDrills,
  "poison-revocation": {
    summary: "Publishes a signed revocation without session_id: it stays pending in both groups.",
    run: poisonRevocation,
  },
  "forged-revocation": {
    summary: "Publishes an unsigned revocation: consumers ack and drop it.",
    run: forgeRevocation,
  },
  ...tamperings,
  "undo-tampering": {
    summary:
      "Puts back what was tampered with, the last first; events that came since stay, behind what is put back. Heads that the console anchored between a cut and this contradict it for good, as they should: somebody renumbered rows.",
    run: undoTampering,
  },
  "pause-audit": {
    summary: "Freezes audit ingestion: the audit stream's lag grows. End it with resume-audit.",
    run: all("audit", (service) => service.pause()),
  },
  "resume-audit": { summary: "Wakes audit ingestion.", run: all("audit", (service) => service.resume()) },
  resume: { summary: "Wakes everything that is frozen; nothing is restarted.", run: resume },
  restore: {
    summary: "Everything back: engines up, tampering taken back, every service restarted on its own settings.",
    run: restore,
  },
};
