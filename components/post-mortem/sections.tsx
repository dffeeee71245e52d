"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { Refusal } from "@/components/lib/refusal";
import { TimeStamp } from "@/components/lib/time-stamp";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Textarea } from "@/components/ui/textarea";
import type { PostMortemSection, PostMortemView } from "@/server/post-mortem/schemas";

type Typed = Readonly<Partial<Record<PostMortemSection, string | null>>>;
const autosaveMs = 1_500;

/** What this editor started from, kept apart from what the page reads meanwhile: that is how a conflict is noticed. */
function useEditor(view: PostMortemView) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const [base, setBase] = useState(view.revision);
  const [typed, setTyped] = useState<Typed>({});
  const latest = useRef<Typed>({});
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const key = trpc.postMortems.get.queryKey({ incidentId: view.incident.id });
  const dirty = Object.keys(typed).length > 0;
  const save = useMutation(trpc.postMortems.save.mutationOptions({ retry: false }));
  const revision = dirty ? base : view.revision;

  async function send(over: number) {
    const sent = latest.current;
    try {
      const saved = await save.mutateAsync({ incidentId: view.incident.id, revision: over, sections: sent });
      client.setQueryData(key, saved);
      setBase(saved.revision);
      // What was typed while this was on its way stays, and is sent next.
      const left = Object.fromEntries(
        Object.entries(latest.current).filter(([name, text]) => sent[name as PostMortemSection] !== text),
      ) as Typed;
      latest.current = left;
      setTyped(left);
      if (Object.keys(left).length > 0) later(saved.revision);
    } catch {
      await client.invalidateQueries({ queryKey: key }); // the refusal is shown from the mutation's own state
    }
  }
  function later(over: number) {
    if (timer.current !== null) clearTimeout(timer.current);
    timer.current = setTimeout(() => void send(over), autosaveMs);
  }
  /** Leaving a field saves at once: a tab that is closed right after loses nothing. */
  function flush() {
    if (timer.current === null || save.isPending || save.isError || Object.keys(latest.current).length === 0) return;
    clearTimeout(timer.current);
    timer.current = null;
    void send(revision);
  }
  function change(name: PostMortemSection, text: string | null) {
    if (!dirty) setBase(view.revision);
    latest.current = { ...latest.current, [name]: text };
    setTyped(latest.current);
    if (!save.isError) later(revision);
  }
  function takeTheirs() {
    latest.current = {};
    setTyped({});
    save.reset();
  }
  return { typed, dirty, saving: save.isPending, problem: save.error, change, flush, send, takeTheirs };
}

/** The written parts. Every section saves itself a moment after the last key; nobody's text is lost when two people write. */
export function Sections({ view, mayWrite }: { view: PostMortemView; mayWrite: boolean }) {
  const editor = useEditor(view);
  const why = mayWrite
    ? view.may.edit.why
    : "Writing needs one of the roles responder, approver, security, compliance or admin.";
  return (
    <div className="flex flex-col gap-4 px-3 py-3">
      {why === null ? null : <p className="text-muted-foreground">{why}</p>}
      <p role="status" className="text-xs text-muted-foreground">
        {editor.saving ? (
          "Saving"
        ) : editor.dirty ? (
          "Not saved yet"
        ) : view.updatedAt === null ? (
          "Nobody has written anything yet: this is the draft."
        ) : (
          <>
            Saved by {view.updatedBy} <TimeStamp at={view.updatedAt} /> · revision {view.revision}
          </>
        )}
      </p>
      {editor.problem === null ? null : (
        <div className="flex flex-col items-start gap-2 rounded-md border border-border-strong p-3">
          <Refusal>{reasonOf(editor.problem)}</Refusal>
          <div className="flex flex-wrap gap-2">
            <Button size="sm" onClick={() => void editor.send(view.revision)}>
              Save mine over the sections I changed
            </Button>
            <Button size="sm" variant="ghost" onClick={editor.takeTheirs}>
              Drop mine, show what is saved
            </Button>
          </div>
        </div>
      )}
      {view.sections.map((section) => {
        const typed = editor.typed[section.name];
        const text = typed === undefined ? section.text : (typed ?? section.draft);
        const written = typed === undefined ? section.written : typed !== null;
        return (
          <Field
            key={section.name}
            label={section.title}
            hint={written ? "Written by people" : "Draft from the record: changes with it until you write"}
          >
            {(ids) => (
              <>
                <Textarea
                  {...ids}
                  value={text}
                  maxLength={20_000}
                  rows={Math.min(16, Math.max(3, text.split("\n").length + 1))}
                  readOnly={why !== null}
                  onBlur={editor.flush}
                  onChange={(event) => editor.change(section.name, event.target.value)}
                />
                {written && why === null ? (
                  <Button
                    size="sm"
                    variant="link"
                    className="self-start"
                    onClick={() => editor.change(section.name, null)}
                  >
                    Back to the draft<span className="sr-only"> of {section.title}</span>
                  </Button>
                ) : null}
              </>
            )}
          </Field>
        );
      })}
    </div>
  );
}
