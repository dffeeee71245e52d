import type { FindingKind, Witness } from "@/server/audit/verify/judge-row";
import type { Verdict, VerdictProposal } from "@/server/playbooks/guided/reports.schemas";

/** What a kind of finding took to bring about; null: it is no tampering. */
const took: Readonly<Record<FindingKind, "database" | "database-and-key" | null>> = {
  content_mismatch: "database",
  column_changed: "database",
  seal_changed: "database",
  row_deleted: "database",
  tail_truncated: "database",
  rewritten_without_key: "database",
  rewritten_with_key: "database-and-key",
  reordered: "database",
  duplicate_seq: "database",
  forked: "database-and-key",
  key_drift: null,
  not_provable: null,
  retention_gap: null,
};

/** The findings that are tampering. */
export const neededFindings: readonly FindingKind[] = (Object.keys(took) as FindingKind[]).filter(
  (kind) => took[kind] !== null,
);

/** One kind of finding with the same witnesses, and how many rows have it. */
export type FindingCount = {
  readonly finding: FindingKind;
  readonly witnesses: readonly Witness[];
  readonly rows: number;
};
type Facts = {
  readonly checkId: string;
  readonly found: readonly FindingCount[];
  readonly window: { readonly from: string | null; readonly to: string };
};

/** Witnesses that whoever holds the database alone cannot change: signed copies, heads kept here, the links of other rows. */
const outside: ReadonlySet<Witness> = new Set(["stream", "anchor", "beginning", "signature", "seal", "chain"]);
const rowsOf = (found: readonly FindingCount[]) => found.reduce((sum, { rows }) => sum + rows, 0);
const counted = (rows: number) => `${rows.toLocaleString("en-US")} ${rows === 1 ? "row" : "rows"}`;

/**
 * The verdict that the findings of a check speak for. Certain: every affected row is contradicted by a witness other than itself;
 * probable: some only by themselves. A key that fits no row says nothing about the rows.
 */
export function proposeVerdict({ checkId, found, window }: Facts): VerdictProposal {
  const tampered = found.filter(({ finding }) => took[finding] !== null);
  const drift = rowsOf(found.filter(({ finding }) => finding === "key_drift"));
  const unproved = rowsOf(found.filter(({ finding }) => finding === "not_provable"));
  const untold = found.some(
    ({ finding, witnesses }) =>
      finding === "retention_gap" && !witnesses.includes("beginning") && !witnesses.includes("stream"),
  );
  const propose = (proposed: Verdict, because: readonly string[]): VerdictProposal => ({
    kind: "proposal",
    checkId,
    proposed,
    because,
  });
  const none = { notBefore: null, notAfter: null } as const;
  const rest = [
    ...(drift === 0
      ? []
      : [
          "Every seal fails under the console's AUDIT_HMAC_KEY: it is another key, or somebody overwrote all of them. Seals and signatures were not heard.",
        ]),
    ...(unproved === 0 ? [] : [`${counted(unproved)} cannot be proved either way.`]),
    ...(untold ? ["Earlier rows are gone; whether by retention or deletion cannot be told."] : []),
  ];
  if (tampered.length === 0)
    return drift > 0
      ? propose({ verdict: "cannot-tell", confidence: "possible", took: "unknown", ...none }, rest)
      : propose(
          {
            verdict: "not-tampered",
            confidence: unproved > 0 || untold ? "probable" : "certain",
            took: "nothing",
            ...none,
          },
          ["The check found no row changed, removed or rewritten.", ...rest],
        );
  const onlyThemselves = rowsOf(tampered.filter(({ witnesses }) => !witnesses.some((one) => outside.has(one))));
  const withKey = rowsOf(tampered.filter(({ finding }) => took[finding] === "database-and-key"));
  return propose(
    {
      verdict: "tampered",
      confidence: onlyThemselves > 0 ? "probable" : "certain",
      notBefore: window.from,
      notAfter: window.to,
      took: withKey > 0 ? "database-and-key" : "database",
    },
    [
      `${counted(rowsOf(tampered))} changed, removed or rewritten.`,
      onlyThemselves > 0
        ? `${counted(onlyThemselves)} of them contradicted by nothing but themselves.`
        : "Each contradicted by a witness that the database alone cannot change.",
      withKey > 0
        ? `${counted(withKey)} sealed with AUDIT_HMAC_KEY: whoever did it holds that key.`
        : "None sealed with AUDIT_HMAC_KEY: write access to the database was enough.",
      ...rest,
    ],
  );
}
