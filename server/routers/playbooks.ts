import { router } from "@/server/trpc/procedures";

export const playbooksRouter = router({});
