import { router } from "@/server/trpc/procedures";

export const streamsRouter = router({});
