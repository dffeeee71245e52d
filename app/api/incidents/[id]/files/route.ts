import { answerDownload, answerUpload } from "@/server/trpc/answer-files";
import { createContext } from "@/server/trpc/create-context";

export const dynamic = "force-dynamic";

type Place = { params: Promise<{ id: string }> };

export async function GET(request: Request, { params }: Place) {
  const { id } = await params;
  return answerDownload(request, id, () => createContext(request.headers));
}

export async function POST(request: Request, { params }: Place) {
  const { id } = await params;
  return answerUpload(request, id, () => createContext(request.headers, request));
}
