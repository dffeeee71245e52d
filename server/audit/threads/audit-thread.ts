import { parentPort } from "node:worker_threads";
import { Listening } from "@/server/audit/threads/listening";
import { judgePage } from "@/server/audit/verify/judge-page";

const listening = new Listening();

/** What a thread does when it is asked. */
const works = {
  judge: judgePage,
  hear: listening.hear.bind(listening),
  hearDead: listening.hearDead.bind(listening),
  shelve: listening.shelve.bind(listening),
  places: listening.places.bind(listening),
};
export type ThreadWorks = typeof works;
export type ThreadAsk = { readonly work: keyof ThreadWorks; readonly given: unknown };
export type ThreadReply = { readonly value: unknown } | { readonly error: string };

parentPort?.on("message", async ({ work, given }: ThreadAsk) => {
  let reply: ThreadReply;
  try {
    reply = { value: await (works[work] as (given: unknown) => unknown)(given) };
  } catch (error) {
    reply = { error: error instanceof Error ? error.message : String(error) };
  }
  parentPort?.postMessage(reply);
});
