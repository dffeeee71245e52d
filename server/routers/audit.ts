import { getCheck, listChecks, listFindings } from "@/server/audit/checks/check-views";
import { checkFindingsInput, checkInput, listChecksInput, startCheckInput } from "@/server/audit/checks/schemas";
import { cancelCheck, startCheck } from "@/server/audit/checks/start-check";
import { getAuditEvent } from "@/server/audit/get-audit-event";
import { getVocabulary } from "@/server/audit/get-vocabulary";
import { auditEventInput, auditTypesInput, searchAuditInput } from "@/server/audit/schemas";
import { searchAudit } from "@/server/audit/search-audit";
import type { Actor } from "@/server/auth/roles";
import type { Console } from "@/server/runtime/console";
import { procedure, router } from "@/server/trpc/procedures";

const by = (ctx: { actor: Actor; console: Console }) => ({
  db: ctx.console.db,
  caracal: ctx.console.caracal,
  actor: ctx.actor,
});

export const auditRouter = router({
  search: procedure.input(searchAuditInput).query(({ ctx, input }) => searchAudit({ ctx: ctx.console, input })),
  event: procedure.input(auditEventInput).query(({ ctx, input }) => getAuditEvent({ ctx: ctx.console, input })),
  vocabulary: procedure.input(auditTypesInput).query(({ ctx, input }) => getVocabulary({ ctx: ctx.console, input })),
  checks: procedure.input(listChecksInput).query(({ ctx, input }) => listChecks({ ctx: ctx.console, input })),
  check: procedure.input(checkInput).query(({ ctx, input }) => getCheck({ ctx: ctx.console, input })),
  findings: procedure.input(checkFindingsInput).query(({ ctx, input }) => listFindings({ ctx: ctx.console, input })),
  startCheck: procedure.input(startCheckInput).mutation(({ ctx, input }) => startCheck({ ctx: by(ctx), input })),
  cancelCheck: procedure.input(checkInput).mutation(({ ctx, input }) => cancelCheck({ ctx: by(ctx), input })),
});
