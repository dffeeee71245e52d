"use client";

import { Button } from "@/components/ui/button";

/** What a page shows when it could not be drawn at all: what failed, and another try. */
export function PageProblem({
  what,
  error,
  retry,
}: {
  what: string;
  error: Error & { digest?: string };
  retry: () => void;
}) {
  return (
    <section role="alert" className="flex flex-col items-start gap-3 rounded-lg border bg-card p-4">
      <h1>{what} cannot be shown</h1>
      <p className="max-w-prose">
        The page failed while it was being drawn. Nothing was changed. Try again; if it stays, the console's log has the
        cause{error.digest === undefined ? "" : ` under ${error.digest}`}.
      </p>
      <Button onClick={retry}>Try again</Button>
    </section>
  );
}
