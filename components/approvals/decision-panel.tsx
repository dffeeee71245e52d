"use client";

import Link from "next/link";
import { actionOf } from "@/components/approvals/action-of";
import { executionLacks, isOpen, startedLink } from "@/components/approvals/approval-words";
import { ConfirmWithIdentity } from "@/components/approvals/confirm-with-identity";
import { ProveByProvider } from "@/components/approvals/identity";
import { useApprovalActs } from "@/components/approvals/use-approval-acts";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { buttonStyle } from "@/components/ui/button";
import { Fact, Facts } from "@/components/wizard/facts";
import { counted } from "@/components/wizard/run-model";
import type { ApprovalView } from "@/server/approvals/schemas";

const thumb = "max-sm:h-11 max-sm:flex-1";

/** What the viewer may do with a request, and if not, why not: vote, take a vote back, withdraw the request, execute it. */
export function DecisionPanel({ view }: { view: ApprovalView }) {
  return (
    <Panel title="Your part">
      <div id="your-part" className="flex scroll-mt-24 flex-col gap-3 px-3 py-3">
        {isOpen(view) ? <Open view={view} /> : <Ended view={view} />}
      </div>
    </Panel>
  );
}

function Ended({ view }: { view: ApprovalView }) {
  const started = view.executed === null ? null : startedLink(view.executed.ref, view.parameters);
  return (
    <>
      {view.executed === null ? (
        <p className="max-w-prose">
          {view.stateReason ?? "This request has ended. Nothing was executed."}{" "}
          {view.decidedAt === null ? null : <TimeStamp at={view.decidedAt} />}
        </p>
      ) : (
        <p>
          Executed by {view.executed.by} <TimeStamp at={view.executed.at} />
        </p>
      )}
      {started === null ? null : (
        <Link href={started.href} className={buttonStyle("primary", "md", "self-start max-sm:h-11 max-sm:w-full")}>
          {started.label}
        </Link>
      )}
    </>
  );
}

function Open({ view }: { view: ApprovalView }) {
  const acts = useApprovalActs(view);
  const { may, reauthentication: identity } = view;
  const provesFirst = identity.method === "oidc" && !identity.fresh;
  const lacks = executionLacks(view);
  return (
    <>
      {may.vote === null ? (
        <>
          <ProveByProvider identity={identity} />
          <div className="flex flex-wrap gap-2">
            <ConfirmWithIdentity
              label="Approve"
              variant={provesFirst ? "outline" : "primary"}
              title="Approve exactly this?"
              confirm="Yes, approve"
              comment={{ label: "Comment (may stay empty)", least: 0 }}
              identity={identity}
              disabled={provesFirst || acts.sending}
              className={thumb}
              onConfirm={acts.approve}
            >
              <ActFacts view={view} />
            </ConfirmWithIdentity>
            <ConfirmWithIdentity
              label="Deny"
              title="Deny this request?"
              confirm="Yes, deny"
              comment={{ label: "Why it is denied", least: 4 }}
              identity={identity}
              disabled={provesFirst || acts.sending}
              className={thumb}
              onConfirm={acts.deny}
            >
              <p>A denial is final: {view.requester.name} has to make a new request.</p>
            </ConfirmWithIdentity>
          </div>
        </>
      ) : (
        <p className="max-w-prose">
          <span className="font-medium">You may not vote.</span> <span>{may.vote}</span>
        </p>
      )}
      {view.state === "approved" ? (
        <div className="flex flex-col gap-2 border-t pt-3">
          <ConfirmWithIdentity
            label="Execute"
            variant={may.vote === null ? "outline" : "primary"}
            title={`${view.label}?`}
            confirm="Yes, execute it"
            identity={null}
            disabled={lacks.length > 0 || acts.sending}
            className={`${thumb} self-start`}
            onConfirm={acts.execute}
          >
            <ActFacts view={view} />
          </ConfirmWithIdentity>
          {lacks.map((lack) => (
            <p key={lack} className="max-w-prose text-muted-foreground">
              {lack}
            </p>
          ))}
        </div>
      ) : null}
      {may.withdraw === null || may.cancel === null ? (
        <div className="flex flex-wrap gap-2 border-t pt-3">
          {may.withdraw === null ? (
            <ConfirmWithIdentity
              label="Take my vote back"
              title="Take your vote back?"
              confirm="Yes, take it back"
              identity={null}
              disabled={acts.sending}
              className={thumb}
              onConfirm={acts.withdraw}
            >
              <p>
                It stays on the record as withdrawn and counts no more. While the request is open you may vote again.
              </p>
            </ConfirmWithIdentity>
          ) : null}
          {may.cancel === null ? (
            <ConfirmWithIdentity
              label="Cancel the request"
              title="Cancel this request?"
              confirm="Yes, cancel it"
              comment={{ label: "Why it is cancelled", least: 4 }}
              identity={null}
              disabled={acts.sending}
              className={thumb}
              onConfirm={acts.cancel}
            >
              <p>Nothing has been executed. The request ends here and cannot be taken up again.</p>
            </ConfirmWithIdentity>
          ) : null}
        </div>
      ) : null}
    </>
  );
}

/** What the dialog repeats before an act: what, how far, how many, and whether it can be taken back. */
function ActFacts({ view }: { view: ApprovalView }) {
  const policy = actionOf(view.action);
  return (
    <Facts>
      <Fact name="What will happen">
        {view.label}. {policy?.effect}
      </Fact>
      <Fact name="How far">{view.blast.sentence}</Fact>
      <Fact name="To how many">{counted(view.targetCount, "frozen target")}</Fact>
      <Fact name="Can it be undone">{policy?.undo ?? "Not known."}</Fact>
      <Fact name="Digest">
        <span className="font-mono text-xs break-all">{view.digest}</span>
      </Fact>
    </Facts>
  );
}
