import { answerExport } from "@/server/trpc/answer-export";
import { createContext } from "@/server/trpc/create-context";

export const dynamic = "force-dynamic";

export async function GET(request: Request, { params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return answerExport(request, id, () => createContext(request.headers));
}
