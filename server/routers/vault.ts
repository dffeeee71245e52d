import type { Actor } from "@/server/auth/roles";
import { handOver, noteView } from "@/server/evidence/vault/custody";
import { estimatePreservation } from "@/server/evidence/vault/estimate";
import { cancelPreservation, orderPreservation, redoPreservation } from "@/server/evidence/vault/order";
import { retentionView } from "@/server/evidence/vault/retention";
import {
  estimateInput,
  handOverInput,
  itemInput,
  listItemsInput,
  preserveInput,
} from "@/server/evidence/vault/schemas";
import { verifyItem } from "@/server/evidence/vault/verify-item";
import { getItem, listItems } from "@/server/evidence/vault/views";
import type { Console } from "@/server/runtime/console";
import { procedure, router } from "@/server/trpc/procedures";

const by = ({ actor, console }: { actor: Actor; console: Console }) => ({
  db: console.db,
  caracal: console.caracal,
  stores: console.stores,
  actor,
});

export const vaultRouter = router({
  list: procedure.input(listItemsInput).query(({ ctx, input }) => listItems({ ctx: by(ctx), input })),
  get: procedure.input(itemInput).query(({ ctx, input }) => getItem({ ctx: by(ctx), input })),
  estimate: procedure.input(estimateInput).query(({ ctx, input }) => estimatePreservation({ ctx: by(ctx), input })),
  retention: procedure.query(({ ctx: { actor, console } }) =>
    retentionView(console.db, console.settings.EVIDENCE_RETENTION_FILE, actor),
  ),
  preserve: procedure.input(preserveInput).mutation(({ ctx, input }) => orderPreservation({ ctx: by(ctx), input })),
  redo: procedure.input(itemInput).mutation(({ ctx, input }) => redoPreservation({ ctx: by(ctx), input })),
  cancel: procedure.input(itemInput).mutation(({ ctx, input }) => cancelPreservation({ ctx: by(ctx), input })),
  view: procedure.input(itemInput).mutation(({ ctx, input }) => noteView({ ctx: by(ctx), input })),
  verify: procedure.input(itemInput).mutation(({ ctx, input }) => verifyItem({ ctx: by(ctx), input })),
  handOver: procedure.input(handOverInput).mutation(({ ctx, input }) => handOver({ ctx: by(ctx), input })),
});
