import { z } from "zod";
import { writtenText } from "@/server/platform/page";

/** Zones that an act writes to. "every": whichever there are, or it cannot be told beforehand. */
export type ZonesOfAct = readonly string[] | "every";

/** What comes with an act on a zone that is under tamper investigation: why it is done all the same. */
export const allTheSame = z.object({ investigationReason: writtenText(500).min(4).nullish() });
