import type { ReactNode } from "react";
import { cn } from "@/components/lib/cn";
import { TimeStamp } from "@/components/lib/time-stamp";
import { Button } from "@/components/ui/button";

/**
 * The six states every panel has. `stale` keeps the content and says how old it is; `failed` says why and offers another try;
 * `not-allowed` says whom to ask.
 */
export type PanelState =
  | { readonly kind: "loading"; readonly rows?: number }
  | { readonly kind: "empty"; readonly sentence: ReactNode }
  | { readonly kind: "live" }
  | { readonly kind: "stale"; readonly okAt: number | null; readonly reason: string | null }
  | { readonly kind: "failed"; readonly reason: string; readonly retry?: () => void }
  | { readonly kind: "not-allowed"; readonly ask: string };

const live: PanelState = { kind: "live" };

function Body({ state, children }: { state: PanelState; children: ReactNode }) {
  switch (state.kind) {
    case "loading":
      return (
        <div role="status" aria-label="Loading" className="flex flex-col gap-2 p-3">
          {Array.from({ length: state.rows ?? 3 }, (_, row) => `row-${row}`).map((row) => (
            <div key={row} className="h-5 animate-pulse rounded-sm bg-muted" />
          ))}
        </div>
      );
    case "empty":
      return <div className="px-3 py-4 text-muted-foreground">{state.sentence}</div>;
    case "failed":
      return (
        <div role="alert" className="flex flex-wrap items-center gap-3 px-3 py-4">
          <p className="min-w-0 flex-1 basis-60">{state.reason}</p>
          {state.retry ? (
            <Button size="sm" onClick={state.retry}>
              Try again
            </Button>
          ) : null}
        </div>
      );
    case "not-allowed":
      return <div className="px-3 py-4 text-muted-foreground">{state.ask}</div>;
    default:
      return children;
  }
}

/** A titled region in one of six designed states. Tables before cards: it draws one border and no more. */
export function Panel({
  title,
  note,
  actions,
  state = live,
  className,
  children,
}: {
  title: ReactNode;
  note?: ReactNode;
  actions?: ReactNode;
  state?: PanelState;
  className?: string;
  children?: ReactNode;
}) {
  return (
    <section className={cn("min-w-0 rounded-lg border bg-card", className)}>
      <header className="flex min-h-10 flex-wrap items-center gap-x-3 gap-y-1 border-b px-3 py-1">
        <h2>{title}</h2>
        {note ? <div className="min-w-0 text-xs text-muted-foreground">{note}</div> : null}
        {actions ? <div className="ml-auto flex items-center gap-2">{actions}</div> : null}
      </header>
      {state.kind === "stale" ? (
        <p role="status" className="border-b border-dashed bg-muted px-3 py-1.5 text-xs">
          <strong className="font-semibold">Stale.</strong> {state.reason ?? "The source has not answered."} These
          figures are from <TimeStamp at={state.okAt} />
        </p>
      ) : null}
      <Body state={state}>{children}</Body>
    </section>
  );
}
