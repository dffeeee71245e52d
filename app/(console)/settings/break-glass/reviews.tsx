"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { Panel } from "@/components/lib/panel";
import { Refusal } from "@/components/lib/refusal";
import { TimeStamp } from "@/components/lib/time-stamp";
import { reasonOf } from "@/components/live/panel-state-of";
import { type RouterOutputs, useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Textarea } from "@/components/ui/textarea";
import { mayCall } from "@/server/auth/policy";

type Waiting = RouterOutputs["approvals"]["breakGlassState"]["awaitingReview"][number];

/** Every use is looked at afterwards by somebody who had no part in it. */
export function Reviews({ waiting }: { waiting: readonly Waiting[] }) {
  const person = usePerson();
  return (
    <Panel
      title="Reviews that are owed"
      state={
        waiting.length === 0 ? { kind: "empty", sentence: "No use of break-glass waits for a review." } : undefined
      }
    >
      <ul className="flex flex-col">
        {waiting.map((one) => (
          <li key={one.id} className="flex flex-col gap-2 border-b px-3 py-3 last:border-0">
            <p>
              {one.first.name} and {one.second?.name ?? "nobody else"}, <TimeStamp at={one.openedAt} />, under{" "}
              <Link href={`/incidents/${one.incident.id}`} className="text-accent underline underline-offset-2">
                INC-{one.incident.number}
              </Link>
              : {one.reason}
            </p>
            {one.first.id === person.id || one.second?.id === person.id ? (
              <p className="text-muted-foreground">You had part in it, so somebody else reviews it.</p>
            ) : mayCall("approvals.breakGlassReview", person.roles) ? (
              <ReviewForm id={one.id} />
            ) : (
              <p className="text-muted-foreground">Your roles do not allow a review. Ask security or an admin.</p>
            )}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function ReviewForm({ id }: { id: string }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const [text, setText] = useState("");
  const review = useMutation(
    trpc.approvals.breakGlassReview.mutationOptions({
      onSettled: () => client.invalidateQueries({ queryKey: trpc.approvals.pathKey() }),
    }),
  );
  return (
    <form
      className="flex max-w-xl flex-col items-start gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        review.mutate({ id, review: text.trim() });
      }}
    >
      <Field label="Review: what was done with it, and was it right" className="w-full">
        {(ids) => (
          <Textarea {...ids} value={text} maxLength={4_000} onChange={(event) => setText(event.target.value)} />
        )}
      </Field>
      {review.isError ? <Refusal>{reasonOf(review.error)}</Refusal> : null}
      <Button type="submit" disabled={text.trim().length < 4 || review.isPending}>
        Record the review
      </Button>
    </form>
  );
}
