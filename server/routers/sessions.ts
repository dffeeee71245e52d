import { getSession } from "@/server/sessions/get-session";
import { listSessions } from "@/server/sessions/list-sessions";
import { listZones } from "@/server/sessions/list-zones";
import { getSessionInput, listSessionsInput, zoneListInput } from "@/server/sessions/schemas";
import { procedure, router } from "@/server/trpc/procedures";

export const sessionsRouter = router({
  list: procedure.input(listSessionsInput).query(({ ctx, input }) => listSessions({ ctx: ctx.console, input })),
  get: procedure.input(getSessionInput).query(({ ctx, input }) => getSession({ ctx: ctx.console, input })),
  zones: procedure.input(zoneListInput).query(({ ctx, input }) => listZones({ ctx: ctx.console, input })),
});
