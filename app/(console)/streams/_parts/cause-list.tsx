import { Button } from "@/components/ui/button";
import type { DeadLetterKind, DeadLetterPage } from "@/server/streams/schemas";

const kinds: readonly { kind: DeadLetterKind; title: string; note: string }[] = [
  {
    kind: "security-signal",
    title: "Security signals",
    note: "Somebody replayed a mandate. They land here by design: read them before calling this queue noise, and never sign them again.",
  },
  {
    kind: "fault",
    title: "Faults",
    note: "Events that ingestion gave up on. List and classify tells which are missing from the audit log and can go back.",
  },
];
const count = new Intl.NumberFormat("en");

/** The letters counted by cause, security signals apart from faults. A cause filters; the chosen one again shows all. */
export function CauseList({
  page,
  chosen,
  onChoose,
}: {
  page: DeadLetterPage;
  chosen: string | null;
  onChoose: (cause: string | null) => void;
}) {
  return (
    <div className="grid gap-4 border-b px-3 py-3 sm:grid-cols-2">
      {kinds.map(({ kind, title, note }) => {
        const causes = page.causes.filter((cause) => cause.kind === kind);
        return (
          <div key={kind}>
            <h3>{title}</h3>
            <p className="mb-2 text-xs text-muted-foreground">
              {causes.length === 0 ? `None among the newest ${count.format(page.counted)}.` : note}
            </p>
            <ul className="flex flex-wrap gap-2">
              {causes.map((cause) => (
                <li key={cause.cause}>
                  <Button
                    size="sm"
                    aria-pressed={chosen === cause.cause}
                    className="aria-pressed:border-accent aria-pressed:bg-accent-soft"
                    onClick={() => onChoose(chosen === cause.cause ? null : cause.cause)}
                  >
                    <span className="font-mono text-xs">{cause.cause}</span> {count.format(cause.count)}
                  </Button>
                </li>
              ))}
            </ul>
          </div>
        );
      })}
    </div>
  );
}
