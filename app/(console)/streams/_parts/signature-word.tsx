import { YesNo } from "@/components/lib/yes-no";
import type { StreamEntry } from "@/server/streams/schemas";

const words: Readonly<Record<StreamEntry["signature"], string>> = {
  valid: "valid",
  invalid: "wrong",
  missing: "missing",
  "not-signed-stream": "not signed",
  "no-key": "not checked",
};

/** Whether an entry's signature holds, and what its consumers make of it where it does not. */
export function SignatureWord({ signature, consequence }: Pick<StreamEntry, "signature" | "consequence">) {
  const bad = signature === "invalid" || signature === "missing";
  return (
    <div className={bad ? "min-w-40" : "text-muted-foreground"}>
      <span
        className={bad ? "font-semibold whitespace-nowrap" : "whitespace-nowrap"}
        title={bad ? undefined : (consequence ?? undefined)}
      >
        {signature === "valid" || bad ? <YesNo yes={!bad} /> : null}
        {words[signature]}
      </span>
      {bad && consequence !== null ? <p className="text-xs">{consequence}</p> : null}
    </div>
  );
}
