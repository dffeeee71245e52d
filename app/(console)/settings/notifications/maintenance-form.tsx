"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Refusal } from "@/components/lib/refusal";
import { utcStamp } from "@/components/lib/utc";
import { useNow } from "@/components/live/now";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { controlStyle, Input } from "@/components/ui/input";
import { Tick } from "./tick";

const lengths = [
  { minutes: 30, label: "30 minutes" },
  { minutes: 60, label: "1 hour" },
  { minutes: 120, label: "2 hours" },
  { minutes: 240, label: "4 hours" },
  { minutes: 480, label: "8 hours" },
] as const;

/** A window that begins at a UTC time, or now, and lasts a while; every tier, and P1 only when that is ticked. */
export function MaintenanceForm() {
  const trpc = useTRPC();
  const client = useQueryClient();
  const now = useNow();
  const [from, setFrom] = useState("");
  const [minutes, setMinutes] = useState(60);
  const [includeP1, setIncludeP1] = useState(false);
  const [reason, setReason] = useState("");
  const add = useMutation(
    trpc.notifications.addMaintenance.mutationOptions({
      onSuccess: () => setReason(""),
      onSettled: () => client.invalidateQueries({ queryKey: trpc.notifications.pathKey() }),
    }),
  );
  const begins = from === "" ? now : Date.parse(`${from}:00Z`);
  return (
    <form
      className="flex flex-wrap items-end gap-3 px-3 py-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (begins === null) return;
        add.mutate({
          from: new Date(begins).toISOString(),
          until: new Date(begins + minutes * 60_000).toISOString(),
          includeP1,
          reason: reason.trim(),
        });
      }}
    >
      <Field label="From (UTC; empty: now)" className="w-52">
        {(ids) => (
          <Input {...ids} type="datetime-local" value={from} onChange={(event) => setFrom(event.target.value)} />
        )}
      </Field>
      <Field label="For" className="w-32">
        {(ids) => (
          <select
            {...ids}
            value={minutes}
            className={controlStyle}
            onChange={(event) => setMinutes(Number(event.target.value))}
          >
            {lengths.map((length) => (
              <option key={length.minutes} value={length.minutes}>
                {length.label}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label="Why" className="w-full sm:w-72">
        {(ids) => <Input {...ids} value={reason} maxLength={300} onChange={(event) => setReason(event.target.value)} />}
      </Field>
      <Tick label="Hold back P1 too" checked={includeP1} onChange={setIncludeP1} />
      <Button
        type="submit"
        disabled={add.isPending || reason.trim().length < 4 || begins === null || Number.isNaN(begins)}
      >
        Add the window
      </Button>
      {begins === null || Number.isNaN(begins) ? null : (
        <span className="text-muted-foreground">
          until {utcStamp(begins + minutes * 60_000, now)}
          {includeP1 ? ", with nobody told of a P1 meanwhile" : ""}
        </span>
      )}
      {add.isError ? <Refusal>{reasonOf(add.error)}</Refusal> : null}
    </form>
  );
}
