import { Check, TriangleAlert } from "lucide-react";
import { ParameterTable } from "@/components/approvals/parameter-table";
import { Panel } from "@/components/lib/panel";
import { isOpen } from "@/components/approvals/approval-words";
import type { ApprovalView } from "@/server/approvals/schemas";

/** Whether what was frozen still holds. It is looked at once more when it is executed; stale means a new request. */
export function SinceRequest({ view }: { view: ApprovalView }) {
  return (
    <Panel title="Since the request">
      <div role="status" className="flex items-start gap-2 px-3 py-3">
        {verdict(view)}
      </div>
      <details className="border-t px-3 py-2">
        <summary className="w-fit cursor-pointer rounded-sm py-1 text-muted-foreground hover:text-foreground">
          What was true when it was asked for
        </summary>
        <div className="py-2">
          <ParameterTable parameters={view.preconditions} label="What was true when it was asked for" />
        </div>
      </details>
    </Panel>
  );
}

function verdict(view: ApprovalView) {
  if (!isOpen(view)) return <p className="text-muted-foreground">It has ended: nothing is compared any more.</p>;
  if (view.changed !== null)
    return (
      <>
        <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
        <p className="max-w-prose">
          <strong className="font-semibold">Something changed.</strong> {view.changed} It will not be executed as it
          stands: ask again.
        </p>
      </>
    );
  if (view.changedUnknown !== null)
    return (
      <>
        <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
        <p className="max-w-prose">
          <strong className="font-semibold">It cannot be told just now.</strong> {view.changedUnknown} It is looked at
          again before it is executed.
        </p>
      </>
    );
  return (
    <>
      <Check aria-hidden className="mt-0.5 size-4 shrink-0 text-ok" />
      <p>Nothing changed since the request.</p>
    </>
  );
}
