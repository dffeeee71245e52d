import { CellMark } from "@/components/wizard/cell-mark";
import { utcStamp } from "@/components/lib/utc";
import { gatewayLine } from "@/components/wizard/proof-model";
import type { GatewayProof } from "@/server/playbooks/schemas";

/** The line itself says what the note would: only the other verdicts need their reason beside it. */
const saidAlready = new Set<GatewayProof["verdict"]>(["all", "missing"]);

/** One line per gateway replica. A gateway tells a count, not which sessions, and it never blocks the step. */
export function GatewayLines({ gateways }: { gateways: readonly GatewayProof[] }) {
  if (gateways.length === 0) {
    return (
      <p className="text-muted-foreground">
        No gateway address is set, so no gateway's own count can be shown. Nothing new passes a gateway anyway: it asks
        STS, and STS reads the session row.
      </p>
    );
  }
  return (
    <ul className="flex flex-col gap-1">
      {gateways.map((gateway) => {
        const line = gatewayLine(gateway);
        const inFull = gateway.note.startsWith(gateway.replica);
        const text = inFull && !saidAlready.has(gateway.verdict) ? gateway.note : line.text;
        const facts = [
          gateway.deniedRevoked === null
            ? null
            : `${gateway.deniedRevoked.toLocaleString("en-GB")} requests refused as revoked`,
          gateway.restartedAt === null ? null : `restarted ${utcStamp(gateway.restartedAt, null)}`,
          gateway.readAt === null ? null : `read ${utcStamp(gateway.readAt, null)}`,
        ].filter((fact) => fact !== null);
        return (
          <li key={gateway.replica} className="flex flex-wrap items-start gap-x-2">
            <CellMark cell={{ ...line, text, at: null }} />
            <span className="text-muted-foreground">
              {(inFull || saidAlready.has(gateway.verdict) || gateway.note === ""
                ? facts
                : [gateway.note, ...facts]
              ).join(" · ")}
            </span>
          </li>
        );
      })}
    </ul>
  );
}
