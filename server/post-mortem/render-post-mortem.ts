import { durationWords } from "@/server/post-mortem/duration-words";
import type { PostMortemView } from "@/server/post-mortem/schemas";

type Document = Omit<PostMortemView, "digest" | "signatures" | "signedOff" | "may" | "updatedAt" | "updatedBy">;

/** Table cells must not break their row or become markup. */
const cell = (text: string) => text.replaceAll("\\", "\\\\").replaceAll("|", "\\|").replaceAll(/\s+/g, " ");
const row = (...cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] =>
  rows.length === 0 ? ["None."] : [row(...head), row(...head.map(() => "---")), ...rows.map((cells) => row(...cells))];

/**
 * The document as Markdown: what is signed, exported and hashed. The same record and the same written text give the same bytes;
 * what stands in it that people wrote is kept as they wrote it. Pure.
 */
export function renderPostMortemMarkdown(view: Document): string {
  const { incident, measured, followUps } = view;
  const marks = [incident.severity, incident.drill ? "drill" : null, incident.restricted ? "restricted" : null];
  return [
    `# INC-${incident.number}: ${incident.title}`,
    "",
    marks.filter((mark) => mark !== null).join(" · "),
    "",
    ...view.sections.flatMap((section) => [`## ${section.title}`, "", section.text, ""]),
    "## Figures",
    "",
    ...table(
      ["Figure", "Value", "Read from"],
      measured.figures.map(({ name, value, unit, source }) => [
        name,
        unit === "s" && (typeof value === "number" || value === null)
          ? durationWords(value)
          : value === null
            ? "not measured"
            : `${value} ${unit ?? ""}`.trim(),
        source,
      ]),
    ),
    "",
    ...(measured.watched.length === 0
      ? []
      : [
          "## Watched figures",
          "",
          ...table(
            ["Figure", "From", "Until", "First", "Lowest", "Highest", "Last"],
            measured.watched.map(({ label, from, until, first, lowest, highest, last }) => [
              label,
              from ?? "never",
              until ?? "never",
              ...[first, lowest, highest, last].map((value) => (value === null ? "none" : String(value))),
            ]),
          ),
          "",
        ]),
    "## Timeline",
    "",
    ...table(
      ["Time (UTC)", "Entry", "What"],
      measured.milestones.map(({ at, seq, summary }) => [at, `#${seq}`, summary]),
    ),
    "",
    "## Verification",
    "",
    ...table(
      ["Playbook", "State", "Proof", "Looked at"],
      measured.proofs.map(({ title, state, summary, observedAt }) => [title, state, summary, observedAt ?? "never"]),
    ),
    "",
    "## Approvals",
    "",
    ...table(
      ["Action", "Asked by", "Approved by", "State", "SHA-256 of what was approved"],
      measured.approvals.map((one) => [
        one.label,
        one.requester,
        one.voters.join(", ") || "nobody",
        one.state,
        one.digest,
      ]),
    ),
    "",
    "## Responders",
    "",
    ...table(
      ["Who", "Roles", "Entries"],
      measured.responders.map(({ name, roles, entries }) => [name, roles.join(", ") || "none", String(entries)]),
    ),
    "",
    "## Follow-ups",
    "",
    ...table(
      ["What", "Owner", "Due"],
      followUps.map(({ title, owner, dueOn }) => [title, owner?.name ?? "nobody yet", dueOn ?? "no date"]),
    ),
    "",
  ].join("\n");
}
