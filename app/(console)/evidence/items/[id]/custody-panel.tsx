import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import type { CustodyLine } from "@/server/evidence/vault/schemas";

/** Who did what with an item, newest first. Nobody can change it. */
export function CustodyPanel({ lines }: { lines: readonly CustodyLine[] }) {
  return (
    <Panel title="Custody" note="Newest first; it can be neither changed nor taken back">
      <ol aria-label="Custody log">
        {lines.map((line) => (
          <li
            key={`${line.at} ${line.act} ${line.name}`}
            className="flex flex-wrap items-baseline gap-x-3 border-b px-3 py-1.5 last:border-b-0"
          >
            <TimeStamp at={line.at} date="always" />
            <span className="font-medium">{line.act.replaceAll("-", " ")}</span>
            <span>{line.by}</span>
            <span className="min-w-0 flex-1 basis-60 break-words text-muted-foreground">
              {line.name === null ? "" : `${line.name}: `}
              {line.note}
            </span>
          </li>
        ))}
      </ol>
    </Panel>
  );
}
