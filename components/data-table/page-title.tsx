import type { ReactNode } from "react";

/** A page's name, one sentence on what it shows, and what can be started from it. */
export function PageTitle({ title, children, actions }: { title: string; children: ReactNode; actions?: ReactNode }) {
  return (
    <header className="flex flex-wrap items-start gap-3">
      <div className="min-w-0 flex-1 basis-72">
        <h1>{title}</h1>
        <p className="max-w-prose text-muted-foreground">{children}</p>
      </div>
      {actions}
    </header>
  );
}
