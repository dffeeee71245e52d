"use client";

import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { Button } from "@/components/ui/button";
import { Dialog, DialogContent } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";

/** A button that asks for one person by part of a name. Choosing acts at once; `nobody` offers to leave it empty. */
export function PersonDialog({
  label,
  title,
  description,
  nobody,
  onChoose,
}: {
  label: ReactNode;
  title: string;
  description: string;
  nobody?: string;
  onChoose: (personId: string | null) => Promise<boolean>;
}) {
  const trpc = useTRPC();
  const [open, setOpen] = useState(false);
  const [text, setText] = useState("");
  const [sending, setSending] = useState(false);
  const people = useQuery(
    trpc.incidents.people.queryOptions({ text }, { enabled: open, placeholderData: (held) => held }),
  );
  const choose = async (personId: string | null) => {
    setSending(true);
    const done = await onChoose(personId);
    setSending(false);
    if (done) setOpen(false);
  };
  return (
    <>
      <Button size="sm" onClick={() => setOpen(true)}>
        {label}
      </Button>
      <Dialog open={open} onOpenChange={setOpen}>
        <DialogContent title={title} description={description}>
          <div className="flex flex-col gap-2">
            <Field label="Name">
              {(ids) => (
                <Input
                  {...ids}
                  autoFocus
                  value={text}
                  maxLength={100}
                  onChange={(event) => setText(event.target.value)}
                />
              )}
            </Field>
            {people.isError ? <p role="alert">{reasonOf(people.error)}</p> : null}
            <ul aria-label="People" className="flex max-h-64 flex-col overflow-y-auto">
              {people.data?.map((person) => (
                <li key={person.id}>
                  <Button
                    variant="ghost"
                    disabled={sending}
                    onClick={() => void choose(person.id)}
                    className="w-full justify-start"
                  >
                    {person.name} <span className="font-normal text-muted-foreground">{person.username}</span>
                  </Button>
                </li>
              ))}
            </ul>
            {people.data?.length === 0 ? <p className="text-muted-foreground">Nobody active by that name.</p> : null}
            {nobody === undefined ? null : (
              <Button disabled={sending} onClick={() => void choose(null)} className="self-start">
                {nobody}
              </Button>
            )}
          </div>
        </DialogContent>
      </Dialog>
    </>
  );
}
