import { Worker } from "node:worker_threads";
import type { ThreadAsk, ThreadReply, ThreadWorks } from "@/server/audit/threads/audit-thread";
import { threadScript } from "@/server/audit/threads/thread-source";

/** A worker thread ended while it was asked something; what it was asked can be asked of another one. */
export class ThreadDied extends Error {
  override readonly name = "ThreadDied";
}

type Waiting = { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void };
const heapMiB = 256;

/** A worker thread of the verifier. It is started when it is first asked, and answers one question after the other. */
export class Thread {
  private worker: Worker | null = null;
  private waiting: Waiting[] = [];

  /** @throws ThreadDied when it ends before it has answered; what the work itself threw */
  ask<Work extends keyof ThreadWorks>(
    work: Work,
    given: Parameters<ThreadWorks[Work]>[0],
  ): Promise<Awaited<ReturnType<ThreadWorks[Work]>>> {
    return new Promise((resolve, reject) => {
      this.worker ??= this.begin();
      const { worker } = this;
      worker.ref(); // the process waits for an answer, never for an idle thread
      this.waiting.push({ resolve: resolve as (value: unknown) => void, reject });
      worker.postMessage({ work, given } satisfies ThreadAsk);
    });
  }

  private begin(): Worker {
    const { script, eval: inline } = threadScript();
    const worker = new Worker(script, {
      eval: inline,
      execArgv: [],
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: heapMiB },
    });
    worker.on("message", (reply: ThreadReply) => {
      const asked = this.waiting.shift();
      if (this.waiting.length === 0) worker.unref();
      if ("error" in reply) asked?.reject(new Error(reply.error));
      else asked?.resolve(reply.value);
    });
    const gone = (reason: string) => {
      if (this.worker !== worker) return;
      this.worker = null;
      for (const asked of this.waiting.splice(0)) asked.reject(new ThreadDied(`A worker thread ended: ${reason}.`));
    };
    worker.on("error", (error) => gone(error.message));
    worker.on("exit", (code) => gone(`exit code ${code}`));
    return worker;
  }

  /** Its number among the threads of the process while it runs; null: it does not. */
  get id(): number | null {
    return this.worker?.threadId ?? null;
  }

  /** Ends it at once; what it was asked is rejected. It begins again when it is asked. */
  async end(): Promise<void> {
    await this.worker?.terminate();
  }
}
