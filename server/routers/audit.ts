import { router } from "@/server/trpc/procedures";

export const auditRouter = router({});
