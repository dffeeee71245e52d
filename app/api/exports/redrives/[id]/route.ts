import { answerArchiveExport } from "@/server/trpc/answer-export";
import { createContext } from "@/server/trpc/create-context";

export const dynamic = "force-dynamic";

type Props = { readonly params: Promise<{ readonly id: string }> };

export const GET = async (request: Request, { params }: Props) =>
  answerArchiveExport(request, (await params).id, () => createContext(request.headers));
