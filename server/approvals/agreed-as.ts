import type { z } from "zod";
import type { Json } from "@/server/approvals/approved-action";
import { DomainError } from "@/server/platform/errors";

/** What was frozen, as its action wrote it. @throws precondition_failed when this release reads it otherwise: then nothing is done. */
export function agreedAs<Shape extends z.ZodType>(shape: Shape, frozen: Json): z.output<Shape> {
  const read = shape.safeParse(frozen);
  if (!read.success)
    throw new DomainError("precondition_failed", "This release cannot read what was agreed on. Ask anew.");
  return read.data;
}
