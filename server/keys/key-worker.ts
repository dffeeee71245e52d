import { advanceInventory } from "@/server/keys/inventory/advance-inventory";
import { type KeyContext, type KeyJobRow, noteTrouble, takeKeyJob, TakenOver } from "@/server/keys/key-job-rows";
import { advanceReEncryption } from "@/server/keys/re-encrypt/advance-re-encryption";
import { advanceRotation } from "@/server/keys/rotation/advance-rotation";
import { repeat, type Repeating } from "@/server/jobs/repeat";
import { messageOf } from "@/server/platform/errors";

/** Advances a job by one slice; true when there is more to do at once. */
type Advance = (ctx: KeyContext, job: KeyJobRow) => Promise<boolean>;
const ways: Readonly<Record<KeyJobRow["kind"], Advance>> = {
  inventory: advanceInventory,
  "re-encrypt": advanceReEncryption,
  rotate: advanceRotation,
};

/** One turn: takes a due job and advances it. A failure is written on the job and it is tried again. True: go on at once. */
export async function advanceOneKeyJob(ctx: KeyContext): Promise<boolean> {
  const job = await takeKeyJob(ctx);
  if (job === null) return false;
  try {
    return await ways[job.kind](ctx, job);
  } catch (error) {
    if (error instanceof TakenOver) return false;
    await noteTrouble(ctx, job.id, messageOf(error));
    return false;
  }
}

/** Advances key jobs in whichever replica comes first. A worker that dies is replaced when its heartbeat is 15 s old. */
export const createKeyWorker = (ctx: KeyContext): Repeating => repeat("key jobs", 500, () => advanceOneKeyJob(ctx));
