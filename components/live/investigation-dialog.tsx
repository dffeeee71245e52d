"use client";

import { useState, useSyncExternalStore } from "react";
import { investigationQuestions } from "@/components/live/investigation-question";
import { Refusal } from "@/components/lib/refusal";
import { Button } from "@/components/ui/button";
import { Dialog, DialogContent } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Textarea } from "@/components/ui/textarea";

const shortestReason = 4;

/** Asks why an act is needed although its zone is under tamper investigation; the act goes on with the answer. */
export function InvestigationDialog() {
  const question = useSyncExternalStore(investigationQuestions.subscribe, investigationQuestions.first, () => null);
  const [reason, setReason] = useState("");

  function answer(given: string | null) {
    setReason("");
    question?.answer(given);
  }

  return (
    <Dialog open={question !== null} onOpenChange={(open) => (open ? undefined : answer(null))}>
      <DialogContent
        title="Under tamper investigation"
        footer={
          <>
            <Button onClick={() => answer(null)}>Leave it</Button>
            <Button
              variant="primary"
              disabled={reason.trim().length < shortestReason}
              onClick={() => answer(reason.trim())}
            >
              Go ahead, with this reason
            </Button>
          </>
        }
      >
        <div className="flex flex-col gap-3">
          <Refusal>{question?.refusal}</Refusal>
          <Field
            label="Why although the zone is under tamper investigation"
            hint={`At least ${shortestReason} characters. It goes on the investigation's record before anything is done.`}
          >
            {(ids) => (
              <Textarea {...ids} value={reason} maxLength={500} onChange={(event) => setReason(event.target.value)} />
            )}
          </Field>
        </div>
      </DialogContent>
    </Dialog>
  );
}
