import { router } from "@/server/trpc/procedures";

export const sessionsRouter = router({});
