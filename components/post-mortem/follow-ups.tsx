"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Panel } from "@/components/lib/panel";
import { Refusal } from "@/components/lib/refusal";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import type { FollowUp, PostMortemView } from "@/server/post-mortem/schemas";

const states = [
  { value: "open", label: "Open" },
  { value: "done", label: "Done" },
  { value: "dropped", label: "Dropped" },
] as const;
const nobody = { value: "", label: "Nobody yet" };

function usePeople(enabled: boolean) {
  const trpc = useTRPC();
  const people = useQuery(trpc.incidents.people.queryOptions({ text: "" }, { enabled, staleTime: 60_000 }));
  return [nobody, ...(people.data ?? []).map((person) => ({ value: person.id, label: person.name }))];
}

/** What is left to do, by whom and until when. */
export function FollowUps({ view, mayWrite }: { view: PostMortemView; mayWrite: boolean }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const settled = { onSettled: () => client.invalidateQueries({ queryKey: trpc.postMortems.pathKey() }) };
  const change = useMutation(trpc.postMortems.changeFollowUp.mutationOptions(settled));
  const rename = (one: FollowUp, state: FollowUp["state"]) =>
    change.mutate({ followUpId: one.id, title: one.title, ownerId: one.owner?.id ?? null, dueOn: one.dueOn, state });
  return (
    <Panel title="Follow-ups" note={`${view.followUps.filter(({ state }) => state === "open").length} open`}>
      {view.followUps.length === 0 ? <p className="px-3 py-3 text-muted-foreground">None yet.</p> : null}
      <ul className="flex flex-col">
        {view.followUps.map((one) => (
          <li key={one.id} className="flex flex-wrap items-center gap-2 border-b px-3 py-2">
            <div className="min-w-0 flex-1 basis-40">
              <p className={one.state === "open" ? undefined : "text-muted-foreground line-through"}>{one.title}</p>
              <p className="text-xs text-muted-foreground">
                {one.owner?.name ?? "Nobody yet"} · {one.dueOn === null ? "no date" : `due ${one.dueOn}`}
              </p>
            </div>
            {mayWrite ? (
              <Select
                label={`State of ${one.title}`}
                value={one.state}
                options={states}
                disabled={change.isPending}
                onChange={(state) => rename(one, state)}
              />
            ) : (
              <span>{one.state}</span>
            )}
          </li>
        ))}
      </ul>
      {change.error === null ? null : (
        <div className="px-3 py-2">
          <Refusal>{reasonOf(change.error)}</Refusal>
        </div>
      )}
      {mayWrite && view.may.edit.allowed ? <AddFollowUp incidentId={view.incident.id} /> : null}
    </Panel>
  );
}

function AddFollowUp({ incidentId }: { incidentId: string }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const people = usePeople(true);
  const [title, setTitle] = useState("");
  const [ownerId, setOwnerId] = useState("");
  const [dueOn, setDueOn] = useState("");
  const add = useMutation(
    trpc.postMortems.addFollowUp.mutationOptions({
      onSuccess: () => {
        setTitle("");
        setOwnerId("");
        setDueOn("");
      },
      onSettled: () => client.invalidateQueries({ queryKey: trpc.postMortems.pathKey() }),
    }),
  );
  return (
    <form
      className="flex flex-col gap-2 px-3 py-3"
      onSubmit={(event) => {
        event.preventDefault();
        add.mutate({ incidentId, title, ownerId: ownerId === "" ? null : ownerId, dueOn: dueOn === "" ? null : dueOn });
      }}
    >
      <Field label="What is to be done" error={add.error === null ? undefined : reasonOf(add.error)}>
        {(ids) => (
          <Input
            {...ids}
            value={title}
            maxLength={200}
            required
            minLength={4}
            onChange={(event) => setTitle(event.target.value)}
          />
        )}
      </Field>
      <div className="flex flex-wrap gap-2">
        <Field label="Owner" className="flex-1">
          {({ id }) => <Select id={id} value={ownerId} options={people} onChange={setOwnerId} />}
        </Field>
        <Field label="Due">
          {(ids) => <Input {...ids} type="date" value={dueOn} onChange={(event) => setDueOn(event.target.value)} />}
        </Field>
      </div>
      <Button type="submit" size="sm" className="self-start" disabled={add.isPending}>
        Add follow-up
      </Button>
    </form>
  );
}
