import {
  cleanAfterReplicas,
  inventoryTaken,
  nextKekThere,
  reEncrypted,
  reEncryptionApproved,
  replicasOnKey,
  rotated,
  sessionsRevoked,
  spoolsDrained,
  zoneFrozen,
} from "@/server/playbooks/guided/probes";
import { approvalHref } from "@/server/playbooks/guided/approval-href";
import type { Playbook, StepDeclaration } from "@/server/playbooks/guided/playbook";
import { exposureOver } from "@/server/playbooks/guided/exposure-facts";
import { psqlLine } from "@/server/playbooks/revoke-session/shell-quote";

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
    label: "Open the sessions of the window",
    href: run.zone_id === null ? "/sessions" : `/sessions?zone=${encodeURIComponent(run.zone_id)}`,
  }),
  commands: () => [
    {
      title: "Issuances by zone and subject, new subjects first",
      command: psqlLine(
        "SELECT zone_id, subject_id, count(*), min(created_at) FROM sessions WHERE created_at >= now() - interval '7 days' GROUP BY 1, 2 ORDER BY min(created_at) DESC LIMIT 200",
      ),
    },
  ],
};

export const wait: StepDeclaration = {
  id: "exposure",
  title: "Let exposure run out",
  what: "Verifiers keep keys for minutes. What still works and until when stands above.",
  kind: "wait",
  probe: exposureOver,
  skippable: true,
};

/** The KEK is known to somebody: everything sealed under it moves, every zone gets new signing keys, every session goes. */
export const kekCompromise: Playbook = {
  name: "kek-compromise",
  title: "KEK compromised",
  about:
    "The key that seals everything is known to somebody. New key, everything moved to it, every replica recreated, every zone's signing keys replaced, every session revoked. Each act takes two people.",
  severity: "P1",
  oneZone: false,
  steps: [
    preserve,
    {
      id: "freeze",
      title: "Freeze zones, or say why not",
      what: "A frozen zone mints nothing, forged ambient mandates included. It can be thawed at any time.",
      kind: "decide",
      probe: zoneFrozen,
      skippable: true,
      act: (run) => ({ label: "Ask to freeze a zone", href: approvalHref("freeze-zone", run) }),
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
      act: (run) => ({
        label: "Ask for approval",
        href: approvalHref("re-encrypt-kek", run, { direction: "forward" }),
      }),
    },
    {
      id: "drain",
      title: "Drain each STS's audit spool",
      what: "Restart each STS plainly, one at a time, while the data is still under the old key. Recreating it later destroys what waits in its spool.",
      kind: "manual",
      probe: spoolsDrained,
      commands: () => [{ title: "One replica at a time", command: "docker compose restart sts" }],
    },
    {
      id: "re-encrypt",
      title: "Re-encrypt everything",
      what: "Execute the approved request. From here on an STS on the old key cannot open what was moved: go on quickly.",
      kind: "act",
      probe: reEncrypted,
      act: () => ({ label: "Open Approvals", href: "/approvals" }),
    },
    {
      id: "recreate",
      title: "Recreate each STS and API on the new key",
      what: "One after the other, never two at once. See that its spool is empty just before. It is done when what it serves are the two newest rows: being ready says nothing. The API serves no keys: see to each of its replicas by hand.",
      kind: "verify",
      probe: replicasOnKey,
      holds: true,
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
      act: () => ({ label: "Open the key jobs", href: "/keys" }),
    },
    {
      id: "rotate",
      title: "Replace every zone's signing keys",
      what: "Two new versions in each zone, since the JWKS serves the newest two. Every live mandate dies as verifiers notice.",
      kind: "act",
      probe: rotated,
      holds: true,
      act: (run) => ({
        label: "Ask to rotate every zone",
        href: approvalHref("rotate-zone-key", run, { scope: "zone", mode: "compromise" }),
      }),
    },
    {
      id: "revoke",
      title: "Revoke every session from before",
      what: "In every zone at once. Done when no session that was made before the rotation is live, and each zone's run has proved its propagation.",
      kind: "act",
      probe: sessionsRevoked,
      holds: true,
      act: (run) => ({
        label: "Ask to revoke a whole zone",
        href: approvalHref("revoke-zone", run, { scope: "zone" }),
      }),
    },
    wait,
    lookBack,
    {
      id: "destroy",
      title: "Destroy the old key",
      what: "In the secret manager, in every environment and file, in backups of those; then make the next key the console's key in use. Say who confirmed each.",
      kind: "manual",
      wants: "reason",
    },
  ],
};
