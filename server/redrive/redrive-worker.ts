import { repeat, type Repeating } from "@/server/jobs/repeat";
import { messageOf } from "@/server/platform/errors";
import { advanceClassification } from "@/server/redrive/advance-classification";
import { advanceRedrive } from "@/server/redrive/advance-redrive";
import { type Allowance, createAllowance } from "@/server/redrive/rate-allowance";
import { noteTrouble, type RedriveContext, takeRun, TakenOver } from "@/server/redrive/run-rows";

/** One turn: takes a due run and advances it. A failure is written on the run and it is tried again. True: go on at once. */
export async function advanceOneRedrive(ctx: RedriveContext, allowance: Allowance): Promise<boolean> {
  const run = await takeRun(ctx);
  if (run === null) return false;
  try {
    return run.state === "classifying"
      ? await advanceClassification(ctx, run)
      : await advanceRedrive(ctx, run, allowance);
  } catch (error) {
    if (error instanceof TakenOver) return false;
    await noteTrouble(ctx, run.id, messageOf(error));
    return false;
  }
}

/** Advances lists and runs of dead letters in whichever replica comes first. A worker that dies is replaced when its heartbeat is 15 s old. */
export function createRedriveWorker(ctx: RedriveContext): Repeating {
  const allowance = createAllowance();
  return repeat("redrives", 250, () => advanceOneRedrive(ctx, allowance));
}
