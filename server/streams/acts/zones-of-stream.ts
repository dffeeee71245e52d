import { auditStream } from "@/server/caracal/streams/expected-streams";
import type { ZonesOfAct } from "@/server/investigation/schemas";

/** An audit event of whichever zone: dropping it is what an investigation asks about. Other streams hold no evidence of the chain. */
export const zonesOfStream = (stream: string): ZonesOfAct => (stream.startsWith(auditStream) ? "every" : []);
