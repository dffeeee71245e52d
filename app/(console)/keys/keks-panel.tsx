"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import { CommandBlock } from "@/components/lib/command-block";
import { Panel } from "@/components/lib/panel";
import { panelStateOf, reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { ConfirmAct } from "@/components/wizard/confirm-act";
import { Fact, Facts } from "@/components/wizard/facts";
import { mayCall } from "@/server/auth/policy";

const slotNames = { current: "Key in use", next: "Next key" } as const;

/** Which KEKs the console can use, by fingerprint; and a fresh one where there is a place for it. */
export function KeksPanel() {
  const trpc = useTRPC();
  const client = useQueryClient();
  const person = usePerson();
  const [byHand, setByHand] = useState<{ why: string; command: string } | null>(null);
  const query = useQuery(trpc.keys.keks.queryOptions(undefined, { refetchInterval: 5_000 }));
  const generate = useMutation(trpc.keys.generateNextKek.mutationOptions());
  const next = query.data?.find(({ slot }) => slot === "next");

  async function make(): Promise<boolean> {
    try {
      const made = await generate.mutateAsync();
      setByHand(made.kind === "by-hand" ? made : null);
      if (made.kind === "written") toast.success(`A next key was written: ${made.fingerprint}`);
      await client.invalidateQueries({ queryKey: trpc.keys.keks.queryKey() });
      return true;
    } catch (error) {
      toast.error(reasonOf(error));
      return false;
    }
  }

  return (
    <Panel
      title="Key encryption keys"
      note="by fingerprint: the first 8 bytes of SHA-256. No key ever comes to the browser"
      state={panelStateOf(query, { when: false, sentence: "" })}
      actions={
        next !== undefined &&
        next.fingerprint === null &&
        next.trouble === null &&
        mayCall("keys.generateNextKek", person.roles) ? (
          <ConfirmAct
            label="Make a next key"
            size="sm"
            title="Make a next key?"
            confirm="Yes, make it"
            onConfirm={make}
          >
            <Facts>
              <Fact name="What will happen">
                32 random bytes are written to the file that ZONE_KEK_NEXT_FILE names, for its owner alone. Where that
                is not possible you get the command to run.
              </Fact>
              <Fact name="What it changes">Nothing yet: no value is sealed under it before two people agree.</Fact>
            </Facts>
          </ConfirmAct>
        ) : null
      }
    >
      <ul>
        {(query.data ?? []).map((state) => (
          <li
            key={state.slot}
            className="flex flex-wrap items-baseline gap-x-3 gap-y-1 border-b px-3 py-2 last:border-b-0"
          >
            <span className="w-24 font-medium">{slotNames[state.slot]}</span>
            {state.fingerprint === null ? (
              <span className={state.trouble === null ? "text-muted-foreground" : "font-medium"}>
                {state.trouble ?? `None: ${state.setting} holds no key.`}
              </span>
            ) : (
              <code className="font-mono">{state.fingerprint}</code>
            )}
            <span className="ml-auto text-xs text-muted-foreground">{state.setting}</span>
          </li>
        ))}
      </ul>
      {byHand === null ? null : (
        <div role="status" className="flex flex-col gap-2 border-t px-3 py-3">
          <p>{byHand.why}</p>
          <CommandBlock command={byHand.command} title="Make the key elsewhere" caption={false} />
        </div>
      )}
    </Panel>
  );
}
