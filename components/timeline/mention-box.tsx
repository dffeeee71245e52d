"use client";

import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useId, useRef, useState } from "react";
import { cn } from "@/components/lib/cn";
import { useTRPC } from "@/components/live/trpc";
import { completeMention, type MentionQuery, mentionAt } from "@/components/timeline/mention-model";
import { Textarea } from "@/components/ui/textarea";

const shown = 6;

/** A text box that completes @user-names: arrows choose, Enter or Tab takes, Escape leaves it as typed. Ctrl or ⌘ Enter sends. */
export function MentionBox({
  value,
  label,
  placeholder,
  onChange,
  onSend,
}: {
  value: string;
  label: string;
  placeholder: string;
  onChange: (text: string) => void;
  onSend: () => void;
}) {
  const trpc = useTRPC();
  const listId = useId();
  const box = useRef<HTMLTextAreaElement>(null);
  const [mention, setMention] = useState<MentionQuery | null>(null);
  const [chosen, setChosen] = useState(0);
  const people = useQuery(
    trpc.incidents.people.queryOptions({ text: mention?.text ?? "" }, { enabled: mention !== null, staleTime: 30_000 }),
  );
  const offered = mention === null ? [] : (people.data ?? []).slice(0, shown);
  const at = Math.min(chosen, Math.max(0, offered.length - 1));
  const look = () => {
    const element = box.current;
    if (element === null) return;
    setMention(mentionAt(element.value, element.selectionStart));
    setChosen(0);
  };
  const take = (username: string | undefined) => {
    const element = box.current;
    if (element === null || mention === null || username === undefined) return;
    const done = completeMention(element.value, element.selectionStart, mention, username);
    onChange(done.text);
    setMention(null);
    requestAnimationFrame(() => {
      element.focus();
      element.setSelectionRange(done.caret, done.caret);
    });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) {
      event.preventDefault();
      onSend();
      return;
    }
    if (offered.length === 0) return;
    if (event.key === "ArrowDown") setChosen((at + 1) % offered.length);
    else if (event.key === "ArrowUp") setChosen((at + offered.length - 1) % offered.length);
    else if (event.key === "Enter" || event.key === "Tab") take(offered[at]?.username);
    else if (event.key === "Escape") setMention(null);
    else return;
    event.preventDefault();
  };
  return (
    <div className="relative min-w-0 flex-1">
      <Textarea
        ref={box}
        rows={2}
        value={value}
        maxLength={4_000}
        aria-label={label}
        aria-autocomplete="list"
        aria-haspopup="listbox"
        aria-controls={listId}
        aria-activedescendant={offered.length > 0 ? `${listId}-${at}` : undefined}
        placeholder={placeholder}
        onChange={(event) => {
          onChange(event.target.value);
          look();
        }}
        onClick={look}
        onBlur={() => setMention(null)}
        onKeyDown={onKeyDown}
        className="resize-none"
      />
      <div
        id={listId}
        role="listbox"
        aria-label="People to mention"
        className={cn(
          "absolute bottom-full left-0 z-20 mb-1 w-64 max-w-full rounded-md border bg-popover p-1 shadow-md",
          offered.length === 0 && "hidden",
        )}
      >
        {offered.map((person, index) => (
          <div
            key={person.id}
            id={`${listId}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            onPointerDown={(event) => {
              event.preventDefault();
              take(person.username);
            }}
            className={cn("flex min-h-8 cursor-default items-center gap-2 rounded-sm px-2", index === at && "bg-muted")}
          >
            {person.name} <span className="text-xs text-muted-foreground">@{person.username}</span>
          </div>
        ))}
      </div>
    </div>
  );
}
