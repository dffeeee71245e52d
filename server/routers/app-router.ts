import { approvalsRouter } from "@/server/routers/approvals";
import { auditRouter } from "@/server/routers/audit";
import { brakesRouter } from "@/server/routers/brakes";
import { guidedRouter } from "@/server/routers/guided";
import { incidentsRouter } from "@/server/routers/incidents";
import { keysRouter } from "@/server/routers/keys";
import { notificationsRouter } from "@/server/routers/notifications";
import { outboxRouter } from "@/server/routers/outbox";
import { playbooksRouter } from "@/server/routers/playbooks";
import { postMortemsRouter } from "@/server/routers/post-mortems";
import { redriveRouter } from "@/server/routers/redrive";
import { servicesRouter } from "@/server/routers/services";
import { sessionsRouter } from "@/server/routers/sessions";
import { signalsRouter } from "@/server/routers/signals";
import { streamsRouter } from "@/server/routers/streams";
import { systemRouter } from "@/server/routers/system";
import { vaultRouter } from "@/server/routers/vault";
import { watchesRouter } from "@/server/routers/watches";
import { router } from "@/server/trpc/procedures";

/** Everything the browser can ask for. Paths are the keys of server/auth/policy.ts. */
export const appRouter = router({
  sessions: sessionsRouter,
  keys: keysRouter,
  guided: guidedRouter,
  services: servicesRouter,
  audit: auditRouter,
  streams: streamsRouter,
  redrive: redriveRouter,
  outbox: outboxRouter,
  system: systemRouter,
  playbooks: playbooksRouter,
  incidents: incidentsRouter,
  brakes: brakesRouter,
  signals: signalsRouter,
  approvals: approvalsRouter,
  notifications: notificationsRouter,
  postMortems: postMortemsRouter,
  vault: vaultRouter,
  watches: watchesRouter,
});

export type AppRouter = typeof appRouter;
