import { listZoneKeys } from "@/server/keys/list-zone-keys";
import { listZoneKeysInput } from "@/server/keys/schemas";
import { procedure, router } from "@/server/trpc/procedures";

export const keysRouter = router({
  list: procedure.input(listZoneKeysInput).query(({ ctx, input }) => listZoneKeys({ ctx: ctx.console, input })),
});
