import { router } from "@/server/trpc/procedures";

export const keysRouter = router({});
