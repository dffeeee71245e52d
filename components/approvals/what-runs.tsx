import { actionOf, agreementWords } from "@/components/approvals/action-of";
import { ParameterTable } from "@/components/approvals/parameter-table";
import { CommandBlock } from "@/components/lib/command-block";
import { CopyText } from "@/components/lib/copy-text";
import { Panel } from "@/components/lib/panel";
import { SeverityMark } from "@/components/lib/severity-mark";
import { Fact, Facts } from "@/components/wizard/facts";
import type { ApprovalView } from "@/server/approvals/schemas";

/** What exactly will run: the act in words, each parameter, and the very bytes whose digest a vote is bound to. */
export function WhatRuns({ view }: { view: ApprovalView }) {
  const policy = actionOf(view.action);
  return (
    <Panel title="What exactly will run" note="The server executes its stored copy of this, not what a browser sends">
      <div className="px-3 py-3">
        <Facts>
          <Fact name="Action">
            <SeverityMark severity={view.severity} /> {view.label}{" "}
            <span className="font-mono text-xs text-muted-foreground">{view.action}</span>
          </Fact>
          <Fact name="What will happen">{policy?.effect ?? "This release no longer knows the action."}</Fact>
          <Fact name="Can it be undone">{policy?.undo ?? "Not known."}</Fact>
          <Fact name="Who must agree">{policy === null ? "Not known." : agreementWords(policy)}</Fact>
          <Fact name="Playbook version">
            <span className="font-mono text-xs">{view.playbookVersion}</span>
          </Fact>
        </Facts>
      </div>
      <div className="border-t">
        <ParameterTable parameters={view.parameters} />
      </div>
      <details className="border-t px-3 py-2">
        <summary className="w-fit cursor-pointer rounded-sm py-1 text-muted-foreground hover:text-foreground">
          The exact bytes and their digest
        </summary>
        <div className="flex flex-col gap-3 py-2">
          <p>
            SHA-256 <CopyText text={view.digest} what="digest of the request" whole />
          </p>
          <p className="max-w-prose text-muted-foreground">
            Votes are bound to this digest. Saved to a file without a line break at its end, the text gives the same
            value under sha256sum. It holds the action, its parameters, the digest of the targets, incident, requester,
            playbook version, expiry and the nonce.
          </p>
          <CommandBlock command={view.canonical} title="Canonical text of the request" />
        </div>
      </details>
    </Panel>
  );
}
