import type { ApprovedAction } from "@/server/approvals/approved-action";
import type { ActionName, TwoPersonAction } from "@/server/auth/action-policy";
import { freezeZoneAction } from "@/server/brakes/freeze-zone.action";
import type { Deployment } from "@/server/caracal/deployment";
import type { KekProvider } from "@/server/keys/kek-source";
import { reEncryptAction } from "@/server/keys/re-encrypt/re-encrypt.action";
import { rotateAction } from "@/server/keys/rotation/rotate.action";
import { requeueOutboxAction } from "@/server/outbox/requeue.action";
import type { Database } from "@/server/platform/postgres";
import { discardAction } from "@/server/redrive/discard.action";
import type { Keys } from "@/server/redrive/letters/classify-letter";
import { reSignAction } from "@/server/redrive/re-sign.action";
import { revokeFleetAction } from "@/server/playbooks/revoke-fleet.action";
import { revokeZoneAction } from "@/server/playbooks/revoke-zone.action";
import type { RoundQueue } from "@/server/playbooks/round-queue";
import type { RuntimeAdapter } from "@/server/services/adapter/adapter";
import { restartServiceAction } from "@/server/services/restarts/restart-service.action";
import { ackPendingAction } from "@/server/streams/acts/ack-pending.action";

type Parts = {
  readonly db: Database;
  readonly caracal: Deployment;
  readonly jobs: RoundQueue;
  readonly keks: KekProvider;
  readonly adapter: RuntimeAdapter;
  readonly keys: Keys; // that messages are signed with
};

/** How each action is carried out that takes two people by the policy: there is no other way to any of them. */
export function approvedActions(parts: Parts): ReadonlyMap<ActionName, ApprovedAction> {
  const actions: { readonly [Name in TwoPersonAction]: ApprovedAction<Name> } = {
    "revoke-zone": revokeZoneAction(parts),
    "revoke-fleet": revokeFleetAction(parts),
    "freeze-zone": freezeZoneAction(parts),
    "rotate-zone-key": rotateAction(parts),
    "re-encrypt-kek": reEncryptAction(parts),
    "restart-service": restartServiceAction(parts),
    "ack-pending": ackPendingAction(parts),
    "requeue-outbox": requeueOutboxAction(parts),
    "re-sign-event": reSignAction(parts),
    "discard-dead-letters": discardAction(parts),
  };
  return new Map<ActionName, ApprovedAction>(Object.values(actions).map((part) => [part.action, part]));
}
