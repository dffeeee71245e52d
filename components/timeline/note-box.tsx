"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Paperclip } from "lucide-react";
import { useId, useRef, useState } from "react";
import { Refusal } from "@/components/lib/refusal";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { attachFault, attachFile, attachLimits } from "@/components/timeline/attach-file";
import { MentionBox } from "@/components/timeline/mention-box";
import { cn } from "@/components/lib/cn";
import { Button, buttonStyle } from "@/components/ui/button";

/** Writes on the record: a note or the update that is due, and files beside it. What is not sent stays in the box. */
export function NoteBox({ incidentId }: { incidentId: string }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const picker = useRef<HTMLInputElement>(null);
  const limitsId = useId();
  const [text, setText] = useState("");
  const [isUpdate, setIsUpdate] = useState(false);
  const [over, setOver] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const refresh = () => client.invalidateQueries({ queryKey: trpc.incidents.get.queryKey({ incidentId }) });
  const note = useMutation(
    trpc.incidents.note.mutationOptions({
      onSuccess() {
        setText("");
        setIsUpdate(false);
        setFault(null);
      },
      onError: (error) => setFault(reasonOf(error)),
      onSettled: refresh,
    }),
  );
  const attach = useMutation({
    mutationFn: async (files: readonly File[]) => {
      for (const file of files) await attachFile(incidentId, file);
    },
    onError: (error) => setFault(reasonOf(error)),
    onSettled: refresh,
  });
  const take = (list: FileList | null) => {
    const files = [...(list ?? [])];
    const wrong = files.map(attachFault).find((sentence) => sentence !== null) ?? null;
    setFault(wrong);
    if (wrong === null && files.length > 0) attach.mutate(files);
    if (picker.current !== null) picker.current.value = "";
  };
  const send = () => {
    if (text.trim() !== "" && !note.isPending) note.mutate({ incidentId, text: text.trim(), isUpdate });
  };
  return (
    <section
      aria-label="Write a note"
      className={cn("flex flex-col gap-1.5 border-t bg-card p-2", over && "bg-accent-soft")}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer.files);
      }}
    >
      {fault ? <Refusal>{fault}</Refusal> : null}
      <div className="flex items-end gap-2">
        <MentionBox
          value={text}
          label="Note"
          placeholder="What you see or do. @ names somebody."
          onChange={setText}
          onSend={send}
        />
        <Button
          variant="primary"
          disabled={note.isPending || text.trim() === ""}
          onClick={send}
          className="h-auto self-stretch"
        >
          {note.isPending ? "Writing" : "Add"}
        </Button>
      </div>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-xs">
        <label className="flex min-h-7 items-center gap-1.5">
          <input
            type="checkbox"
            checked={isUpdate}
            onChange={(event) => setIsUpdate(event.target.checked)}
            className="accent-accent"
          />
          This is an update
        </label>
        <input
          ref={picker}
          type="file"
          multiple
          accept={attachLimits.accept}
          aria-label="Attach files"
          aria-describedby={limitsId}
          onChange={(event) => take(event.target.files)}
          className="sr-only"
          tabIndex={-1}
        />
        <button
          type="button"
          disabled={attach.isPending}
          onClick={() => picker.current?.click()}
          className={buttonStyle("ghost", "sm", "text-xs")}
        >
          <Paperclip aria-hidden className="size-3.5" />
          {attach.isPending ? "Attaching" : "Attach"}
        </button>
        <span id={limitsId} className="min-w-0 text-muted-foreground">
          {attachLimits.words}
        </span>
      </div>
    </section>
  );
}
