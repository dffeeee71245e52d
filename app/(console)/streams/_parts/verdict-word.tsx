import { Badge } from "@/components/ui/badge";
import type { PendingVerdict } from "@/server/streams/schemas";

const words: Readonly<Record<PendingVerdict["kind"], string>> = {
  recorded: "recorded",
  conflict: "conflict",
  missing: "missing",
  applied: "applied",
  "not-applied": "not applied",
  gone: "payload gone",
  unknown: "cannot be told",
};

/** What Postgres says of a pending entry, in a word and a sentence. */
export function VerdictWord({ verdict }: { verdict: PendingVerdict | null }) {
  if (verdict === null) return <span className="text-muted-foreground">keeps nothing of this stream</span>;
  const wrong = verdict.kind === "conflict" || verdict.kind === "gone" || verdict.kind === "not-applied";
  return (
    <div>
      <Badge tone={verdict.proved ? "ok" : wrong ? "strong" : "neutral"}>{words[verdict.kind]}</Badge>
      <p className="mt-0.5 text-xs">{verdict.sentence}</p>
    </div>
  );
}
