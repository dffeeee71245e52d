import { anchorHeads } from "@/server/audit/anchors/anchor-heads";
import { anchorsOutside } from "@/server/audit/anchors/anchor-keeper";
import { anchorsView } from "@/server/audit/anchors/anchors-view";
import { getCheck, listChecks, listFindings } from "@/server/audit/checks/check-views";
import {
  barInput,
  checkFindingsInput,
  checkInput,
  checkZonesInput,
  findingPlaceInput,
  listChecksInput,
  startCheckInput,
  zonesInput,
} from "@/server/audit/checks/schemas";
import { cancelCheck, startCheck } from "@/server/audit/checks/start-check";
import { findingPlace, getZoneBar, listCheckedZones, listCheckZones } from "@/server/audit/checks/zone-views";
import { describeSearch } from "@/server/audit/describe-search";
import {
  getComparison,
  listArchiveFiles,
  listComparisons,
  listDifferences,
} from "@/server/audit/comparisons/comparison-views";
import {
  comparisonFindingsInput,
  comparisonInput,
  listComparisonsInput,
  startComparisonInput,
} from "@/server/audit/comparisons/schemas";
import { cancelComparison, startComparison } from "@/server/audit/comparisons/start-comparison";
import { getAuditEvent } from "@/server/audit/get-audit-event";
import { getVocabulary } from "@/server/audit/get-vocabulary";
import { getVerdict } from "@/server/audit/get-verdict";
import { likelyEvents } from "@/server/audit/likely-events";
import { revealEvent } from "@/server/audit/reveal-event";
import {
  auditEventInput,
  auditPlaceInput,
  auditQuestion,
  auditTypesInput,
  likelyEventsInput,
  revealInput,
  searchAuditInput,
  signedCopyInput,
} from "@/server/audit/schemas";
import { searchAudit } from "@/server/audit/search-audit";
import { signedCopy } from "@/server/audit/signed-copy";
import type { Actor } from "@/server/auth/roles";
import { listArchiveTroubles } from "@/server/detection/list-archive-troubles";
import type { Console } from "@/server/runtime/console";
import { procedure, router } from "@/server/trpc/procedures";

const by = (ctx: { actor: Actor; console: Console }) => ({
  db: ctx.console.db,
  caracal: ctx.console.caracal,
  archive: ctx.console.archive,
  actor: ctx.actor,
});

const withKey = ({ caracal, settings: { AUDIT_HMAC_KEY: key } }: Console) => ({
  caracal,
  auditKey: key === undefined ? null : Buffer.from(key, "hex"),
});

export const auditRouter = router({
  search: procedure.input(searchAuditInput).query(({ ctx, input }) => searchAudit({ ctx: ctx.console, input })),
  overview: procedure.input(auditQuestion).query(({ ctx, input }) => describeSearch({ ctx: ctx.console, input })),
  event: procedure.input(auditEventInput).query(({ ctx, input }) => getAuditEvent({ ctx: ctx.console, input })),
  verdict: procedure.input(auditPlaceInput).query(({ ctx, input }) => getVerdict({ ctx: withKey(ctx.console), input })),
  signedCopy: procedure
    .input(signedCopyInput)
    .query(({ ctx, input }) => signedCopy({ ctx: withKey(ctx.console), input })),
  reveal: procedure.input(revealInput).mutation(({ ctx, input }) => revealEvent({ ctx: by(ctx), input })),
  likelyEvents: procedure.input(likelyEventsInput).query(({ ctx, input }) => likelyEvents({ ctx: ctx.console, input })),
  vocabulary: procedure.input(auditTypesInput).query(({ ctx, input }) => getVocabulary({ ctx: ctx.console, input })),
  checks: procedure.input(listChecksInput).query(({ ctx, input }) => listChecks({ ctx: ctx.console, input })),
  check: procedure.input(checkInput).query(({ ctx, input }) => getCheck({ ctx: ctx.console, input })),
  findings: procedure.input(checkFindingsInput).query(({ ctx, input }) => listFindings({ ctx: ctx.console, input })),
  startCheck: procedure.input(startCheckInput).mutation(({ ctx, input }) => startCheck({ ctx: by(ctx), input })),
  cancelCheck: procedure.input(checkInput).mutation(({ ctx, input }) => cancelCheck({ ctx: by(ctx), input })),
  zones: procedure.input(zonesInput).query(({ ctx, input }) => listCheckedZones({ ctx: ctx.console, input })),
  zoneBar: procedure.input(barInput).query(({ ctx, input }) => getZoneBar({ ctx: ctx.console, input })),
  checkZones: procedure.input(checkZonesInput).query(({ ctx, input }) => listCheckZones({ ctx: ctx.console, input })),
  findingPlace: procedure.input(findingPlaceInput).query(({ ctx, input }) => findingPlace({ ctx: ctx.console, input })),
  anchors: procedure.query(({ ctx: { console } }) =>
    anchorsView({ ctx: { db: console.db, outside: anchorsOutside(console.settings) } }),
  ),
  anchorNow: procedure.mutation(async ({ ctx }) => ({ moved: await anchorHeads(ctx.console, ctx.actor) })),
  archive: procedure.query(({ ctx }) => ({ name: ctx.console.archive?.name ?? null })),
  archiveTroubles: procedure.query(({ ctx }) => listArchiveTroubles({ ctx: ctx.console })),
  comparisons: procedure
    .input(listComparisonsInput)
    .query(({ ctx, input }) => listComparisons({ ctx: ctx.console, input })),
  comparison: procedure.input(comparisonInput).query(({ ctx, input }) => getComparison({ ctx: ctx.console, input })),
  differences: procedure
    .input(comparisonFindingsInput)
    .query(({ ctx, input }) => listDifferences({ ctx: ctx.console, input })),
  archiveFiles: procedure
    .input(comparisonFindingsInput)
    .query(({ ctx, input }) => listArchiveFiles({ ctx: ctx.console, input })),
  startComparison: procedure
    .input(startComparisonInput)
    .mutation(({ ctx, input }) => startComparison({ ctx: by(ctx), input })),
  cancelComparison: procedure
    .input(comparisonInput)
    .mutation(({ ctx, input }) => cancelComparison({ ctx: by(ctx), input })),
});
