import { randomUUID } from "node:crypto";
import { z } from "zod";
import { agreedAs } from "@/server/approvals/agreed-as";
import type { ApprovedAction, Stored } from "@/server/approvals/approved-action";
import type { Deployment } from "@/server/caracal/deployment";
import { sealKinds } from "@/server/caracal/keys/sealed-values";
import type { InventoryResult } from "@/server/keys/inventory/advance-inventory";
import { kekStates, type KekProvider, type KekState } from "@/server/keys/kek-source";
import { openWriter } from "@/server/keys/open-writer";
import { spoolsNotDrained } from "@/server/keys/spools";
import { wantedFingerprint } from "@/server/keys/wanted-fingerprint";
import { DomainError } from "@/server/platform/errors";
import type { Database } from "@/server/platform/postgres";

type Parts = { readonly db: Database; readonly caracal: Deployment; readonly keks: KekProvider };

const asked = z.object({ direction: z.enum(["forward", "back"]) });
const agreed = z.object({ direction: z.enum(["forward", "back"]), from: z.string(), to: z.string() });
const inventoryMinutes = 60;
const sealNames = {
  secrets: "secrets, signing keys among them",
  "provider-configs": "provider configurations",
  "grant-access-tokens": "grants' access tokens",
  "grant-refresh-tokens": "grants' refresh tokens",
} as const;

/** The fingerprint of a slot. @throws precondition_failed when there is no usable key in it */
function usable(states: readonly KekState[], slot: "current" | "next"): string {
  const state = states.find((one) => one.slot === slot);
  if (state?.fingerprint) return state.fingerprint;
  throw new DomainError(
    "precondition_failed",
    state?.trouble ?? `${state?.setting ?? slot} is not there. Both keys must be at hand before anything is moved.`,
  );
}

async function dryRun(db: Database): Promise<{ id: string; result: InventoryResult } | null> {
  const [row] = await db.query<{ id: string; result: InventoryResult }>(
    `SELECT id, result FROM key_jobs WHERE kind = 'inventory' AND state = 'finished' AND finished_at > now() - make_interval(mins => $1)
      ORDER BY finished_at DESC LIMIT 1`,
    [inventoryMinutes],
  );
  return row ?? null;
}

/** "Re-encrypt everything under a new KEK" as two people agree on it: from one fingerprint to another, until nothing is left under the first. */
export function reEncryptAction({ db, caracal, keks }: Parts): ApprovedAction<"re-encrypt-kek"> {
  return {
    action: "re-encrypt-kek",
    async freeze(parameters) {
      const parsed = asked.safeParse(parameters);
      if (!parsed.success)
        throw new DomainError("bad_input", "Re-encryption needs a direction: forward to the next key, or back.");
      const { direction } = parsed.data;
      const states = await kekStates(keks);
      const [current, next] = [usable(states, "current"), usable(states, "next")];
      const [from, to] = direction === "forward" ? [current, next] : [next, current];
      const seen = await dryRun(db);
      if (seen === null || seen.result.current !== current || seen.result.next !== next)
        throw new DomainError(
          "precondition_failed",
          `Take an inventory first: there is none of the last ${inventoryMinutes} minutes with the keys ${current} and ${next}. It is the dry run, and changes nothing.`,
        );
      const side = direction === "forward" ? "current" : "next";
      const { counts } = seen.result;
      const total = (of: "current" | "next" | "neither") => sealKinds.reduce((sum, kind) => sum + counts[kind][of], 0);
      if (total("current") + total("next") === 0)
        throw new DomainError(
          "precondition_failed",
          `Not one of ${total("neither")} sealed values opens under ${current} or ${next}. ${await wantedFingerprint(db)}`,
        );
      const [move, there, lost] = [total(side), total(side === "current" ? "next" : "current"), total("neither")];
      return {
        parameters: {
          direction,
          from,
          to,
          until: "repeated until no value opens under the key it moves from",
          undo: "the same in the other direction, while both keys are at hand",
        },
        targets: [],
        preconditions: { inventory: seen.id, from, to },
        blast: {
          sentence: `${move.toLocaleString("en-US")} sealed values move from key ${from} to ${to}${there === 0 ? "" : `; ${there.toLocaleString("en-US")} are there already`}${lost === 0 ? "" : `; ${lost} open under neither and stay as they are`}. From then on every STS and API replica must be recreated on ${to}: one that is left on ${from} cannot open what was moved`,
          figures: sealKinds.map((kind) => ({
            name: sealNames[kind],
            value: counts[kind][side],
            unit: "to move",
            source: "inventory",
          })),
        },
        severity: "P1",
        playbookVersion: "re-encrypt@1",
      };
    },
    zonesOf: () => "every",
    async recheck(stored) {
      const { direction, from, to } = agreedAs(agreed, stored.parameters);
      const usableNow = (await kekStates(keks)).flatMap(({ fingerprint }) => fingerprint ?? []);
      const gone = [from, to].filter((fingerprint) => !usableNow.includes(fingerprint));
      if (gone.length > 0) return `The console does not have the key ${gone.join(" and ")} any more.`;
      return (direction === "forward" ? await spoolsNotDrained(caracal) : null) ?? (await openWriter(db));
    },
    async start(tx, stored: Stored, by) {
      const { from, to } = agreedAs(agreed, stored.parameters);
      const id = randomUUID();
      const rows = await tx.query(
        `INSERT INTO key_jobs (id, kind, approval_id, incident_id, parameters, from_kek, to_kek, reason, requested_by_id, requested_by_name)
         VALUES ($1, 're-encrypt', $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING RETURNING 1`,
        [
          id,
          stored.approvalId,
          stored.incidentId,
          JSON.stringify(stored.parameters),
          from,
          to,
          stored.reason,
          by.id,
          by.name,
        ],
      );
      if (rows.length === 0) throw new DomainError("conflict", "Another re-encryption or rotation is under way.");
      return `key-job:${id}`;
    },
    wake: async () => undefined, // the key worker of any replica finds it within half a second
  };
}
