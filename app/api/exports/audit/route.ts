import { answerAuditExport } from "@/server/trpc/answer-audit-export";
import { createContext } from "@/server/trpc/create-context";

export const dynamic = "force-dynamic";

export const POST = (request: Request) => answerAuditExport(request, () => createContext(request.headers, request));
