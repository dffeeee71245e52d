import { answerWindowExport } from "@/server/trpc/answer-export";
import { createContext } from "@/server/trpc/create-context";

export const dynamic = "force-dynamic";

export const GET = (request: Request) => answerWindowExport(request, () => createContext(request.headers));
