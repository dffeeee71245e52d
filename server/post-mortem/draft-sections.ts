import { durationWords } from "@/server/post-mortem/duration-words";
import type { PostMortemFigures, PostMortemSection } from "@/server/post-mortem/schemas";
import type { SubjectIncident } from "@/server/post-mortem/subject-incident";

export const sectionTitles: Readonly<Record<PostMortemSection, string>> = {
  summary: "Summary",
  impact: "Impact",
  detection: "Detection",
  response: "Response",
  cause: "Cause",
  lessons: "Lessons",
};

const numberOf = (measured: PostMortemFigures, name: string): number | null => {
  const value = measured.figures.find((one) => one.name === name)?.value;
  return typeof value === "number" ? value : null;
};
const utc = (at: Date | string) => `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
/** "contained after 9 s", or that it was not. */
const reached = (word: string, seconds: number | null) =>
  seconds === null ? `not marked ${word}` : `${word} after ${durationWords(seconds)}`;
const plural = (count: number, one: string) => `${count.toLocaleString("en-US")} ${one}${count === 1 ? "" : "s"}`;

function impact(measured: PostMortemFigures): string {
  const of = (name: string) => numberOf(measured, name) ?? 0;
  const lost = numberOf(measured, "audit events lost");
  const outages = measured.outages.map(
    (outage) =>
      `- ${outage.what}: from ${utc(outage.from)} ${outage.until === null ? "and not over when resolved" : `to ${utc(outage.until)}`}`,
  );
  return [
    `Lasted ${durationWords(numberOf(measured, "duration"))}.`,
    `${plural(of("zones"), "zone")} and ${plural(of("subjects"), "subject")} were concerned; ${plural(of("sessions revoked"), "session")} revoked, ${plural(of("agent sessions ended"), "agent session")} ended.`,
    lost === null ? "No signal of lost audit events." : `${plural(lost, "audit event")} lost, as the replicas counted.`,
    ...(outages.length === 0 ? ["No service was seen not ready."] : ["Outages:", ...outages]),
  ].join("\n");
}

/** The text that each section has until somebody writes it: from the record alone, nothing that was not measured. Pure. */
export function draftSections(
  incident: SubjectIncident,
  measured: PostMortemFigures,
): Readonly<Record<PostMortemSection, string>> {
  const proofs = measured.proofs.map((run) => `- ${run.title}: ${run.summary}`);
  const agreed = measured.approvals.map(
    (one) =>
      `- ${one.label}: asked by ${one.requester}, approved by ${one.voters.join(", ") || "nobody"}, ${one.state}`,
  );
  const first = measured.milestones[0];
  return {
    summary: `${incident.severity} incident "${incident.title}", declared ${utc(incident.declared_at)}, now ${incident.state}.`,
    impact: impact(measured),
    detection: [
      `Noticed ${durationWords(numberOf(measured, "time to detect"))} after it began (${utc(incident.began_at)}).`,
      ...(first === undefined ? [] : [`First on record: ${first.summary}`]),
    ].join("\n"),
    response: [
      `The incident was ${reached("contained", numberOf(measured, "time to contain"))}, ${reached("recovered", numberOf(measured, "time to recover"))}.`,
      ...(proofs.length === 0 ? ["No playbook was run."] : ["Playbooks and what they proved:", ...proofs]),
      ...(agreed.length === 0 ? ["Nothing needed a second person."] : ["Agreed by two people:", ...agreed]),
    ].join("\n"),
    cause: "Not written yet.",
    lessons: "Not written yet.",
  };
}
