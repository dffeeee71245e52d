import { answerEvidence } from "@/server/trpc/answer-evidence";
import { createContext } from "@/server/trpc/create-context";

export const dynamic = "force-dynamic";

export async function GET(request: Request, { params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return answerEvidence(request, id, () => createContext(request.headers));
}
