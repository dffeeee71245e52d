import { availableParallelism } from "node:os";
import { Thread, ThreadDied } from "@/server/audit/threads/thread";
import type { JudgedPage, PageToJudge } from "@/server/audit/verify/judge-page";

/** One core stays with the console; more than four threads would only wait for the database. */
export const poolSize = (cores = availableParallelism()): number => Math.max(1, Math.min(4, cores - 1));
const mostTries = 3;

/**
 * Judges pages of rows on worker threads. A page whose thread dies is judged by another one, three times at most: then it is the page
 * that kills them, and the caller hears of it.
 */
export class JudgePool {
  private readonly idle: Thread[];
  private readonly threads: readonly Thread[];
  private readonly queue: ((thread: Thread) => void)[] = [];

  private closed = false;

  constructor(
    readonly size = poolSize(),
    newThread = () => new Thread(),
  ) {
    this.threads = Array.from({ length: size }, newThread);
    this.idle = [...this.threads];
  }

  /** @throws ThreadDied after three deaths over one page */
  async judge(page: PageToJudge): Promise<JudgedPage> {
    const thread = this.idle.pop() ?? (await new Promise<Thread>((resolve) => this.queue.push(resolve)));
    try {
      for (let tries = 1; ; tries += 1)
        try {
          return await thread.ask("judge", page);
        } catch (error) {
          if (!(error instanceof ThreadDied) || tries === mostTries || this.closed) throw error;
        }
    } finally {
      const next = this.queue.shift();
      if (next === undefined) this.idle.push(thread);
      else next(thread);
    }
  }

  /** Ends the threads; those of a page that is being judged included. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.all(this.threads.map((thread) => thread.end()));
  }
}
