"use client";

import { useState } from "react";
import { CommandBlock } from "@/components/lib/command-block";
import { AskTwoPeople } from "@/components/redrive/ask-two-people";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Textarea } from "@/components/ui/textarea";
import type { Json } from "@/server/approvals/approved-action";
import type { RedriveEntry, RedriveRun } from "@/server/redrive/schemas";

const bytesOf = (parameters: Json): string | null =>
  typeof parameters === "object" && parameters !== null && "data" in parameters && typeof parameters.data === "string"
    ? parameters.data
    : null;

/** Asking two people to sign one event anew, as it is or with other bytes. The original is kept. */
export function ReSignLetter({ run, entry }: { run: RedriveRun; entry: RedriveEntry }) {
  const [open, setOpen] = useState(false);
  const [data, setData] = useState("");
  const [asked, setAsked] = useState<string | null | undefined>(undefined);
  if (!open)
    return (
      <div className="mt-1">
        <Button size="sm" onClick={() => setOpen(true)}>
          Sign anew
        </Button>
      </div>
    );
  return (
    <div className="mt-2 flex flex-col items-start gap-2">
      <Field
        label="Bytes to sign"
        hint="Empty: as they are. What stands here goes to the log in their place, and the record says that it was edited."
      >
        {(ids) => (
          <Textarea
            {...ids}
            rows={4}
            maxLength={200_000}
            className="font-mono"
            value={data}
            onChange={({ target }) => {
              setData(target.value);
              setAsked(undefined);
            }}
          />
        )}
      </Field>
      {asked === undefined ? (
        <div className="flex flex-wrap gap-2">
          <Button size="sm" onClick={() => setAsked(data.trim() === "" ? null : data)}>
            See what would be signed
          </Button>
          <Button size="sm" onClick={() => setOpen(false)}>
            Not now
          </Button>
        </div>
      ) : (
        <AskTwoPeople
          key={asked ?? ""}
          action="re-sign-event"
          parameters={{ stream: run.stream, entryId: entry.entryId, data: asked }}
          incidentId={run.incidentId}
        >
          {({ parameters }) => {
            const bytes = bytesOf(parameters);
            return bytes === null ? null : (
              <div className="flex flex-col items-start gap-2">
                <CommandBlock command={bytes} title="Exactly these bytes get the signature" />
                <Button
                  size="sm"
                  onClick={() => {
                    setData(bytes);
                    setAsked(undefined);
                  }}
                >
                  Edit these bytes
                </Button>
              </div>
            );
          }}
        </AskTwoPeople>
      )}
    </div>
  );
}
