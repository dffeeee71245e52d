import { archiveContradicts } from "@/server/detection/archive-contradicts";
import { chainBreak, hashMismatch, sealFailures } from "@/server/detection/audit-chain";
import { changedEvidence } from "@/server/detection/changed-evidence";
import { chainNotWhole } from "@/server/detection/chain-not-whole";
import { coordinatorOutboxDead } from "@/server/detection/coordinator-outbox-dead";
import { deadLetters } from "@/server/detection/dead-letters";
import { deafConsumer } from "@/server/detection/deaf-consumer";
import { declaredByHand } from "@/server/detection/declared-by-hand";
import { drift } from "@/server/detection/drift";
import { exchangeErrors } from "@/server/detection/exchange-errors";
import { exportBehind } from "@/server/detection/export-behind";
import type { Rule } from "@/server/detection/facts";
import { forgedMessages } from "@/server/detection/forged-messages";
import { ingestAlert } from "@/server/detection/ingest-alert";
import { jwksDiffers } from "@/server/detection/jwks-differs";
import { lostEntries } from "@/server/detection/lost-entries";
import { auditDropped, auditSpool } from "@/server/detection/audit-loss";
import { outboxAge } from "@/server/detection/outbox-age";
import { outboxFailing } from "@/server/detection/outbox-failing";
import { pelLag } from "@/server/detection/pel-lag";
import { poisonEntries } from "@/server/detection/poison-entries";
import { replayedMandates } from "@/server/detection/replayed-mandates";
import { restarted } from "@/server/detection/restarted";
import { revocationBacklog } from "@/server/detection/revocation-backlog";
import { serviceNotReady } from "@/server/detection/service-not-ready";
import { zoneFrozen } from "@/server/detection/zone-frozen";

/** Every rule of "Now", in no particular order: the tracker sorts what they find. */
export const rules: readonly Rule[] = [
  serviceNotReady,
  deadLetters,
  replayedMandates,
  revocationBacklog,
  chainBreak,
  chainNotWhole,
  changedEvidence,
  archiveContradicts,
  sealFailures,
  hashMismatch,
  pelLag,
  poisonEntries,
  restarted,
  auditDropped,
  auditSpool,
  drift,
  jwksDiffers,
  deafConsumer,
  ingestAlert,
  exchangeErrors,
  exportBehind,
  lostEntries,
  forgedMessages,
  declaredByHand,
  zoneFrozen,
  outboxAge,
  outboxFailing,
  coordinatorOutboxDead,
];
