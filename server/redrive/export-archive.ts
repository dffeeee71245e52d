import { Readable } from "node:stream";
import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { DomainError } from "@/server/platform/errors";
import type { Database } from "@/server/platform/postgres";
import { archiveDigest, originalsOf } from "@/server/redrive/archive";
import { runEntry } from "@/server/redrive/run-entry";
import { loadVisibleRun } from "@/server/redrive/run-rows";
import { mayReadOriginals, type runInput } from "@/server/redrive/schemas";

/** A piece each time one is asked for and none ahead: Readable.from would fetch the next one already. */
function onDemand(pieces: AsyncGenerator<string>): Readable {
  return new Readable({
    objectMode: true,
    highWaterMark: 0,
    read() {
      pieces.next().then(
        ({ done, value }) => this.push(done ? null : value),
        (error: Error) => this.destroy(error),
      );
    },
  });
}

/**
 * The originals of a run as JSON lines, one `{"id","fields":[[name,value],…]}` each, exactly as Redis held them. They are hashed once
 * more before the first byte leaves, and the export is put on record when all but the last byte was taken: a discard asks for it.
 * @throws not_found, forbidden, precondition_failed (not listed yet, or the archive is not what it was)
 */
export async function exportArchive({
  ctx: { db, actor },
  input,
}: {
  ctx: { readonly db: Database; readonly actor: Actor };
  input: z.output<typeof runInput>;
}): Promise<{ readonly name: string; readonly size: number; readonly sha256: string; open(): Readable }> {
  const run = await loadVisibleRun(db, actor, input.runId);
  if (!mayReadOriginals(actor.roles))
    throw new DomainError(
      "forbidden",
      "The originals hold raw messages: this needs the role responder, security or compliance.",
    );
  if (run.archive_sha256 === null) throw new DomainError("precondition_failed", "The list is not complete yet.");
  const { sha256, bytes, lines } = await archiveDigest(db, run.id);
  if (sha256 !== run.archive_sha256)
    throw new DomainError(
      "precondition_failed",
      "The archive is not what it was when the list was made. Tell security.",
    );
  const record = () =>
    db.transaction(async (tx) => {
      await tx.query(
        "UPDATE redrive_runs SET exported_at = coalesce(exported_at, clock_timestamp()), exported_by = coalesce(exported_by, $2) WHERE id = $1",
        [run.id, actor.name],
      );
      await runEntry(tx, run, "exported", `${actor.name} downloaded the ${lines} originals of ${run.stream}`, actor, {
        parameters: { sha256, bytes },
      });
    });
  // The last line feed is held back until the record stands: who has the whole file has a record of it, and who broke off has none.
  const text = async function* () {
    let held = "";
    for await (const rows of originalsOf(db, run.id)) {
      const page = held + rows.map(({ line }) => `${line}\n`).join("");
      yield page.slice(0, -1);
      held = page.slice(-1);
    }
    await record();
    if (held !== "") yield held;
  };
  return {
    name: `${run.stream}-${run.id.slice(0, 8)}.jsonl`,
    size: bytes,
    sha256,
    open: () => onDemand(text()),
  };
}
