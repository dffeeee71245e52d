import { answerComparisonExport } from "@/server/trpc/answer-export";
import { createContext } from "@/server/trpc/create-context";

export const dynamic = "force-dynamic";

export const GET = (request: Request) => answerComparisonExport(request, () => createContext(request.headers));
