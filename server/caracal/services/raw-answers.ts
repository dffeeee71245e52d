import type { Deployment } from "@/server/caracal/deployment";
import { fetchAnswer } from "@/server/caracal/services/fetch-answer";
import { shownUrl } from "@/server/caracal/services/probe-replica";
import type { Answer } from "@/server/caracal/services/read-replica";

export type RawAnswers = {
  readonly url: string;
  readonly askedAt: string;
  readonly health: Answer;
  readonly ready: Answer;
  readonly metrics: Answer;
};

/** What every replica answers to health, ready and metrics, word for word; one that does not answer says so here. */
export async function rawAnswers({
  replicas,
  coordinatorToken,
}: Pick<Deployment, "replicas" | "coordinatorToken">): Promise<Readonly<Record<string, RawAnswers>>> {
  const answers = await Promise.all(
    replicas.map(async ({ id, kind, url }) => {
      const askedAt = new Date().toISOString();
      const bearer = kind === "coordinator" ? coordinatorToken : null;
      const [health, ready, metrics] = await Promise.all([
        fetchAnswer(`${url}/health`),
        fetchAnswer(`${url}/ready`),
        fetchAnswer(`${url}/metrics`, { bearer }),
      ]);
      return [id, { url: shownUrl(url), askedAt, health, ready, metrics }] as const;
    }),
  );
  return Object.fromEntries(answers);
}
