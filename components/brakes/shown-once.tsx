"use client";

import { TriangleAlert } from "lucide-react";
import { CommandBlock } from "@/components/lib/command-block";
import { Button } from "@/components/ui/button";

/** A new secret, the one time it is anywhere to be seen. Whoever leaves the page or closes this has seen the last of it. */
export function ShownOnce({
  secret,
  fingerprint,
  application,
  onClose,
}: {
  secret: string;
  fingerprint: string; // what the record keeps of it
  application: string;
  onClose: () => void;
}) {
  return (
    <section aria-label="The new secret" className="flex flex-col gap-3 rounded-md border-2 border-foreground p-3">
      <p className="flex items-start gap-2 font-medium">
        <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
        <span role="status">
          This is shown once and stored nowhere: not here, not in the record, not in a log. Hand it to {application}{" "}
          now.
        </span>
      </p>
      <CommandBlock command={secret} title={`New secret of ${application}`} />
      <p className="text-muted-foreground">
        The record keeps its fingerprint only: <span className="font-mono text-xs">{fingerprint}</span>
      </p>
      <Button className="self-start max-sm:h-11 max-sm:w-full" onClick={onClose}>
        I have it: forget it here
      </Button>
    </section>
  );
}
