import { consoleSource, type Facts, type Finding } from "@/server/detection/facts";
import { counted, utc } from "@/server/detection/words";

/** Preserved evidence that was not what it had been when it was last read: somebody was at the vault, or its disk fails. */
export const changedEvidence = ({ evidence }: Pick<Facts, "evidence">): readonly Finding[] =>
  evidence.map(({ itemId, preservedAt, changed, missing, at, store }) => ({
    key: `changed-evidence:${itemId}`,
    rule: "changed-evidence",
    severity: "P1",
    source: consoleSource,
    since: at,
    sentence: `Preserved evidence of ${utc(preservedAt)} is not what was preserved: ${[
      changed === 0 ? null : `${counted(changed, "file")} changed`,
      missing === 0 ? null : `${counted(missing, "file")} gone`,
    ]
      .filter((part) => part !== null)
      .join(", ")}`,
    meaning: `Read again from the ${store}, and its SHA-256 is another than the signed manifest's. The console gives such a file to nobody. Keep the store as it is, find who may write to it, and take the copy of another store or backup.`,
    figures: [
      { name: "files changed", value: changed, source: "evidence vault" },
      { name: "files gone", value: missing, source: "evidence vault" },
    ],
    action: { label: "Open the item", href: `/evidence/items/${itemId}` },
  }));
