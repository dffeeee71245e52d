import type { ReactNode } from "react";

/** Names and values in two columns; on a phone the value goes under its name. */
export function Facts({ children }: { children: ReactNode }) {
  return <dl className="grid gap-x-4 gap-y-1 sm:grid-cols-[11rem_1fr] sm:gap-y-2">{children}</dl>;
}

/** One name and its value. */
export function Fact({ name, children }: { name: ReactNode; children: ReactNode }) {
  return (
    <div className="contents">
      <dt className="text-muted-foreground">{name}</dt>
      <dd className="min-w-0 max-w-prose break-words max-sm:mb-1.5">{children}</dd>
    </div>
  );
}
