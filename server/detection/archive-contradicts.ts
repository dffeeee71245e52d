import { type ArchiveTrouble, consoleSource, type Facts, type Finding } from "@/server/detection/facts";
import { counted, utc } from "@/server/detection/words";

const source = "audit-archive comparison";
const listed = (parts: readonly (readonly [number, string])[]) =>
  parts
    .filter(([count]) => count > 0)
    .map(([count, what]) => `${counted(count, "row")} ${what}`)
    .join(", ");

/** What the archive proves of one zone, or what is wrong with the archive itself: removed or rewritten rows are a P1. */
export function archiveWords(trouble: ArchiveTrouble): {
  readonly severity: "P1" | "P2" | "P3";
  readonly sentence: string;
} {
  const { zoneId, zone, removed, rewritten, changed, added, archiveChanged, files, firstSeq } = trouble;
  if (zoneId === "") {
    const parts = [
      archiveChanged === 0 ? null : `${counted(archiveChanged, "event")} changed or put in there`,
      files === 0 ? null : `${counted(files, "hour")} without a usable export`,
    ].filter((part) => part !== null);
    return {
      severity: archiveChanged > 0 ? "P2" : "P3",
      sentence: `The audit archive is not whole: ${parts.join(", ")}`,
    };
  }
  const what = listed([
    [removed, "removed"],
    [rewritten, "rewritten"],
    [changed, "changed"],
    [added, "that it does not have"],
  ]);
  const first = firstSeq === null ? "" : `, first at seq ${firstSeq.toLocaleString("en-US")}`;
  return {
    severity: removed + rewritten > 0 ? "P1" : "P2",
    sentence: `The archive contradicts the audit log of zone ${zone}: ${what}${first}`,
  };
}

/** What comparisons with the archive prove, beyond what the checks of the chain tell of the same rows. */
export const archiveContradicts = ({ archives }: Pick<Facts, "archives">): readonly Finding[] =>
  archives.map((trouble) => {
    const { zoneId, comparisonId } = trouble;
    const itself = zoneId === "";
    return {
      ...archiveWords(trouble),
      key: `archive-contradicts:${zoneId}`,
      rule: itself ? "archive-not-whole" : "archive-contradicts",
      source: consoleSource,
      since: trouble.at,
      meaning: itself
        ? `By the comparison of ${utc(trouble.at)}. What these hours held cannot be proved by the archive; an export is never overwritten, so somebody or something changed or took it. See audit's export_errors_total and the bucket's own log.`
        : `By the comparison of ${utc(trouble.at)}: the hourly exports lie outside the database and are never overwritten. Touch nothing in audit_events, and keep the exports from being deleted.`,
      figures: itself
        ? [
            { name: "events changed in the archive", value: trouble.archiveChanged, source },
            { name: "hours without a usable export", value: trouble.files, source },
          ]
        : [
            { name: "rows removed", value: trouble.removed, source },
            { name: "rows rewritten", value: trouble.rewritten, source },
            { name: "rows changed", value: trouble.changed, source },
            { name: "rows not in the archive", value: trouble.added, source },
          ],
      action: itself
        ? { label: "Open the comparison", href: `/audit/archive/${comparisonId}` }
        : {
            label: "Tamper playbook",
            href: `/playbooks/guided/new?playbook=audit-tampering&zone=${encodeURIComponent(zoneId)}`,
          },
    };
  });
