import { counted } from "@/components/wizard/run-model";
import type { RunView } from "@/server/playbooks/schemas";

export type PlanLine = { readonly question: string; readonly answer: string };

/** What an operator must know before the revocation is started: what, how many, undo, who agrees, which lane and how long. */
export function revokePlan(run: Pick<RunView, "subject" | "zone" | "blast" | "lane">): readonly PlanLine[] {
  const sessions = run.blast?.liveSessions ?? null;
  const agents = run.blast?.agentSessionCount ?? 0;
  const many = sessions === null ? "every live session" : counted(sessions, "live session");
  return [
    {
      question: "What will happen",
      answer: `Sessions of ${run.subject.id} in ${run.zone.name} are marked revoked, one outbox row is written for each in the same transaction, and the subject's agent sessions are terminated. A second sweep then looks for sessions minted meanwhile.`,
    },
    {
      question: "To how many",
      answer: `${many}${agents > 0 ? ` and ${counted(agents, "agent session")}` : ""}, counted again when the work starts.`,
    },
    {
      question: "Can it be undone",
      answer: "No. The subject has to sign in again, or its application has to mint again.",
    },
    { question: "Who must agree", answer: "One responder. One subject in one zone needs no second person." },
    { question: "Which lane, and how long", answer: run.lane.note },
  ];
}

/** The primary button's words, with the number it acts on. */
export function revokeLabel(run: Pick<RunView, "blast">): string {
  return run.blast === null ? "Revoke sessions" : `Revoke ${counted(run.blast.liveSessions, "session")}`;
}
