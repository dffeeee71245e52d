import { router } from "@/server/trpc/procedures";

export const systemRouter = router({});
