import { cleanAfterReplicas, reEncrypted } from "@/server/playbooks/guided/probe-re-encryption";
import { recreatedOnKey } from "@/server/playbooks/guided/probe-replicas";
import { sessionsRevoked } from "@/server/playbooks/guided/probe-revocation";
import { rotated } from "@/server/playbooks/guided/probe-rotation";
import {
  inventoryTaken,
  nextKekThere,
  oldKekGone,
  reEncryptionApproved,
  spoolsDrained,
  zoneFrozen,
} from "@/server/playbooks/guided/probes";
import { catalogued } from "@/server/playbooks/guided/catalogue";
import type { Playbook, StepDeclaration } from "@/server/playbooks/guided/playbook";
import { exposureOver } from "@/server/playbooks/guided/exposure-facts";

/** Evidence before containment, in every playbook: recorded by its hash, or left out with a reason. */
export const preserve: StepDeclaration = {
  id: "preserve",
  title: "Preserve evidence",
  what: "Copy what will change before anything does: a dump of Caracal's database and the streams. Record its SHA-256 and where it lies.",
  kind: "manual",
  wants: "hash-and-reason",
  skippable: true,
  commands: () => [
    {
      title: "Dump and hash",
      command: `umask 077; pg_dump "$CARACAL_DATABASE_URL" -Fc -f caracal-$(date -u +%Y%m%dT%H%MZ).dump && sha256sum caracal-*.dump`,
    },
  ],
};

/** What an attacker did with the key: issuances and allow events of the window. */
export const lookBack: StepDeclaration = {
  id: "window",
  title: "Look at the window of the compromise",
  what: "From when the key may have been known until now: which mandates were issued, to subjects that are new in a zone first. Say what was found.",
  kind: "observe",
  wants: "reason",
  skippable: true,
  act: (run) => ({
    label: "Open the window of the compromise",
    href: `/keys/window?incident=${run.incident_id}${run.zone_id === null ? "" : `&zone=${encodeURIComponent(run.zone_id)}`}`,
  }),
};

export const wait: StepDeclaration = {
  id: "exposure",
  title: "Let exposure run out",
  what: "Verifiers keep keys for minutes. What still works and until when stands above.",
  kind: "wait",
  probe: exposureOver,
  holds: true,
  skippable: true,
};

/** The KEK is known to somebody: everything sealed under it moves, every zone gets new signing keys, every session goes. */
export const kekCompromise: Playbook = {
  ...catalogued("kek-compromise"),
  steps: [
    preserve,
    {
      id: "freeze",
      title: "Freeze zones, or say why not",
      what: "A frozen zone mints nothing, forged ambient mandates included. It can be thawed at any time. Done when every zone is frozen; with fewer, say why.",
      kind: "decide",
      probe: zoneFrozen,
      skippable: true,
      act: () => ({ label: "Ask to freeze a zone", ask: { action: "freeze-zone" } }),
    },
    {
      id: "inventory",
      title: "Take an inventory",
      what: "Which key opens each sealed value, and whether every replica serves every zone's keys. Reads only; it is the dry run.",
      kind: "observe",
      probe: inventoryTaken,
      act: () => ({ label: "Open Keys", href: "/keys" }),
    },
    {
      id: "generate",
      title: "Make the next key",
      what: "32 random bytes where only the console and the replicas read them. The browser sees the fingerprint. Then take the inventory once more, with both keys.",
      kind: "act",
      probe: nextKekThere,
      holds: false,
      act: () => ({ label: "Open Keys", href: "/keys" }),
    },
    {
      id: "approve",
      title: "Have the re-encryption approved",
      what: "Two people agree on the two fingerprints. One of the voters is of security. The request lasts 15 minutes.",
      kind: "decide",
      probe: reEncryptionApproved,
      act: () => ({ label: "Ask for approval", ask: { action: "re-encrypt-kek", direction: "forward" } }),
    },
    {
      id: "drain",
      title: "Drain each STS's audit spool",
      what: "Restart each STS plainly, one at a time, while the data is still under the old key. Recreating it later destroys what waits in its spool.",
      kind: "manual",
      probe: spoolsDrained,
      skippable: true, // of a replica that did not answer, only its log can tell
      commands: () => [{ title: "One replica at a time", command: "docker compose restart sts" }],
    },
    {
      id: "re-encrypt",
      title: "Re-encrypt everything",
      what: "Execute the approved request. From here on an STS on the old key cannot open what was moved: go on quickly.",
      kind: "act",
      probe: reEncrypted,
      holds: true,
      act: () => ({ label: "Open Approvals", href: "/approvals" }),
    },
    {
      id: "recreate",
      title: "Recreate each STS and API on the new key",
      what: "One after the other, never two at once. See that its spool is empty just before. It is done when what it serves are the two newest rows: being ready says nothing. The API serves no keys, so no probe reaches it: tick each of its replicas.",
      kind: "verify",
      probe: recreatedOnKey,
      holds: true,
      checks: ({ replicas }) =>
        replicas
          .filter(({ kind }) => kind === "api")
          .map(({ id }) => ({ item: id, label: `${id} was recreated with the new key` })),
      commands: () => [
        {
          title: "With ZONE_KEK changed in the environment, one replica at a time",
          command:
            "docker compose up -d --no-deps --force-recreate sts\ndocker compose up -d --no-deps --force-recreate api",
        },
      ],
    },
    {
      id: "sweep",
      title: "Sweep until nothing is left under the old key",
      what: "Replicas on the old key went on sealing refreshed grants under it. Sweep again from the job's page until a walk moves nothing.",
      kind: "verify",
      probe: cleanAfterReplicas,
      holds: true,
      act: () => ({ label: "Open the key jobs", href: "/keys" }),
    },
    {
      id: "rotate",
      title: "Replace every zone's signing keys",
      what: "Two new versions in each zone, since the JWKS serves the newest two. Every live mandate dies as verifiers notice.",
      kind: "act",
      probe: rotated,
      holds: true,
      act: () => ({
        label: "Ask to rotate every zone",
        ask: { action: "rotate-zone-key", whole: true, mode: "compromise" },
      }),
    },
    {
      id: "revoke",
      title: "Revoke every session from before",
      what: "In every zone at once. Done when no session that was made before the rotation is live, and each zone's run has proved its propagation.",
      kind: "act",
      probe: sessionsRevoked,
      holds: true,
      act: () => ({ label: "Ask to revoke every zone", ask: { action: "revoke-fleet", whole: true } }),
    },
    wait,
    lookBack,
    {
      id: "destroy",
      title: "Destroy the old key",
      what: "Make the next key the console's key in use, and destroy the old one wherever it lies. One tick for each place, by whoever saw it gone.",
      kind: "manual",
      probe: oldKekGone,
      holds: true,
      checks: () => [
        { item: "secret-manager", label: "Gone from the secret manager, older versions too" },
        { item: "environments", label: "Gone from the environment of every service and deployment file" },
        { item: "files", label: "Gone from key files on every host" },
        { item: "backups", label: "Gone from backups of those, or the backups are locked away and listed" },
        { item: "people", label: "Gone from people's machines, tickets, chats and build logs" },
      ],
      act: () => ({ label: "Open Keys", href: "/keys" }),
    },
  ],
};
