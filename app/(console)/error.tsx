"use client";

import { Button } from "@/components/ui/button";

/** A page that could not be drawn. The digest finds the cause in the server's log. */
export default function PageError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <div role="alert" className="flex max-w-prose flex-col items-start gap-3 rounded-lg border bg-card p-4">
      <h1>This page could not be drawn</h1>
      <p>
        Nothing was changed by it. The other pages still work.
        {error.digest ? (
          <>
            {" "}
            The server's log has the cause under <span className="font-mono">{error.digest}</span>.
          </>
        ) : null}
      </p>
      <Button onClick={reset}>Draw it again</Button>
    </div>
  );
}
