import { readerOf } from "@/server/caracal/streams/expected-streams";

/** What a claim comes to in a group, by who reads it (contract section 3): it moves a name, and delivers nothing. Pure. */
export function claimMeaning(group: string): string {
  switch (readerOf(group)) {
    case "audit":
      return "Audit ingestion claims what has been idle for 30 s by itself, whoever holds it: claim only what it leaves.";
    case "sts":
    case "gateway":
      return "A claim moves a name and delivers nothing: STS and gateways look at their pending entries only when they start. Restart the service that you claim to, or the entry only waits under another name.";
    case null:
      return "A claim moves a name and delivers nothing. Whether this consumer ever looks at what was claimed to it cannot be known from here.";
  }
}
