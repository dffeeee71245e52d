"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Panel } from "@/components/lib/panel";
import { Refusal } from "@/components/lib/refusal";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf, reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { Button } from "@/components/ui/button";
import { ConfirmAct } from "@/components/wizard/confirm-act";
import { Fact, Facts } from "@/components/wizard/facts";
import type { RulesView } from "@/server/notifications/schemas";
import { isChanged, ruleProblems, ruleWords, type Rules } from "./rule-editor";
import { TierForm } from "./tier-form";

/** The tiers' rules: everybody reads them as sentences, an admin edits them. */
export function RulesPanel({ mayEdit }: { mayEdit: boolean }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.notifications.rules.queryOptions());
  const [editing, setEditing] = useState<RulesView | null>(null);
  const saved = query.data;
  return (
    <Panel
      title="Who is told"
      note={
        saved === undefined ? null : (
          <>
            revision {saved.revision}, saved by {saved.savedBy} <TimeStamp at={saved.savedAt} />
          </>
        )
      }
      actions={
        mayEdit && saved !== undefined && editing === null ? (
          <Button size="sm" onClick={() => setEditing(saved)}>
            Edit the rules
          </Button>
        ) : null
      }
      state={panelStateOf(query, { when: saved?.rules.length === 0, sentence: "There are no rules: nobody is told." })}
    >
      {editing === null ? (
        <div className="flex flex-col gap-3 px-3 py-3">
          <Facts>
            {(saved?.rules ?? []).map((rule) => (
              <Fact key={rule.tier} name={rule.tier}>
                {ruleWords(rule)}
              </Fact>
            ))}
          </Facts>
          {mayEdit ? null : <p className="text-xs text-muted-foreground">An admin can change these.</p>}
        </div>
      ) : (
        <RulesForm
          read={editing}
          newest={saved?.revision ?? editing.revision}
          onDone={() => setEditing(null)}
          onReadAgain={() => setEditing(saved ?? null)}
        />
      )}
    </Panel>
  );
}

function RulesForm({
  read,
  newest,
  onDone,
  onReadAgain,
}: {
  read: RulesView;
  newest: number;
  onDone: () => void;
  onReadAgain: () => void;
}) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const channels = useQuery(trpc.notifications.channels.queryOptions());
  const [rules, setRules] = useState<Rules>(read.rules);
  const save = useMutation(
    trpc.notifications.saveRules.mutationOptions({
      onSettled: () => client.invalidateQueries({ queryKey: trpc.notifications.pathKey() }),
    }),
  );
  const names = (channels.data ?? []).map((channel) => channel.name);
  const problems = ruleProblems(rules, channels.data === undefined ? [...usedChannels(rules)] : names);
  return (
    <div className="flex flex-col gap-3 px-3 py-3">
      {newest === read.revision ? null : (
        <p role="status" className="flex flex-wrap items-center gap-2 font-medium">
          Somebody saved revision {newest} meanwhile.
          <Button size="sm" onClick={onReadAgain}>
            Drop mine, read theirs
          </Button>
        </p>
      )}
      {rules.map((rule) => (
        <TierForm key={rule.tier} rule={rule} rules={rules} channels={names} onChange={setRules} />
      ))}
      {problems.length === 0 ? null : (
        <ul aria-label="What keeps the rules from being saved" className="list-disc pl-5 font-medium">
          {problems.map((problem) => (
            <li key={problem}>{problem}</li>
          ))}
        </ul>
      )}
      {save.isError ? <Refusal>{reasonOf(save.error)}</Refusal> : null}
      <div className="flex flex-wrap gap-2">
        <ConfirmAct
          label="Save the rules"
          variant="primary"
          title="Save these rules?"
          confirm="Yes, save them"
          reasonLabel="Why they are changed"
          disabled={problems.length > 0 || save.isPending || !isChanged(rules, read.rules)}
          onConfirm={(reason) =>
            save.mutateAsync({ revision: read.revision, rules: [...rules], reason }).then(
              () => {
                onDone();
                return true;
              },
              () => true, // the refusal stands in the form, beside what was typed
            )
          }
        >
          <p>They count from the next message on. Messages that wait already keep the steps they were planned with.</p>
          <Facts>
            {rules.map((rule) => (
              <Fact key={rule.tier} name={rule.tier}>
                {ruleWords(rule)}
              </Fact>
            ))}
          </Facts>
        </ConfirmAct>
        <Button variant="ghost" onClick={onDone}>
          Leave without saving
        </Button>
      </div>
    </div>
  );
}

const usedChannels = (rules: Rules) => new Set(rules.flatMap(({ steps }) => steps.map(({ channel }) => channel)));
