import { getAuditEvent } from "@/server/audit/get-audit-event";
import { getVocabulary } from "@/server/audit/get-vocabulary";
import { auditEventInput, auditTypesInput, searchAuditInput } from "@/server/audit/schemas";
import { searchAudit } from "@/server/audit/search-audit";
import { procedure, router } from "@/server/trpc/procedures";

export const auditRouter = router({
  search: procedure.input(searchAuditInput).query(({ ctx, input }) => searchAudit({ ctx: ctx.console, input })),
  event: procedure.input(auditEventInput).query(({ ctx, input }) => getAuditEvent({ ctx: ctx.console, input })),
  vocabulary: procedure.input(auditTypesInput).query(({ ctx, input }) => getVocabulary({ ctx: ctx.console, input })),
});
