"use client";

import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useQueryStates } from "nuqs";
import { useState } from "react";
import { PageTitle } from "@/components/data-table/page-title";
import { UtcWindowFilter } from "@/components/data-table/utc-window-filter";
import { ZonePicker } from "@/components/data-table/zone-picker";
import { storeWords } from "@/components/evidence/vault-words";
import { fileSize } from "@/components/incidents/file-size";
import { IncidentChoice } from "@/components/incidents/incident-choice";
import { Panel } from "@/components/lib/panel";
import { parseUtc } from "@/components/lib/utc";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { controlStyle } from "@/components/ui/input";
import { Textarea } from "@/components/ui/textarea";
import { mayCall } from "@/server/auth/policy";
import { type Estimate, type PartName, partNames, partWords, type StoreName } from "@/server/evidence/vault/schemas";
import { preserveSearch } from "./search-params";

const shortest = 4;
const number = (value: number) => value.toLocaleString("en-US");

function useTyped(text: string | null): { readonly at: string | null; readonly wrong: boolean } {
  const parsed = text === null ? null : parseUtc(text);
  return { at: parsed === null ? null : new Date(parsed).toISOString(), wrong: text !== null && parsed === null };
}

export function PreserveClient() {
  const trpc = useTRPC();
  const router = useRouter();
  const person = usePerson();
  const [draft, setDraft] = useQueryStates(preserveSearch);
  const [parts, setParts] = useState<readonly PartName[]>(partNames);
  const [left, setLeft] = useState<readonly StoreName[]>([]); // stores that are not wanted
  const [reason, setReason] = useState("");
  const [since, until] = [useTyped(draft.since), useTyped(draft.until)];
  const scope = {
    zoneId: draft.zone,
    from: draft.partition === null ? since.at : null,
    to: draft.partition === null ? until.at : null,
    partition: draft.partition,
    parts: [...parts],
  };
  const backwards = scope.from !== null && scope.to !== null && scope.from >= scope.to;
  const wrong = since.wrong || until.wrong || backwards;
  const estimate = useQuery(
    trpc.vault.estimate.queryOptions(scope, {
      enabled: !wrong && parts.length > 0,
      staleTime: 10_000,
      placeholderData: keepPreviousData,
    }),
  );
  const known = estimate.data?.stores ?? [];
  const stores = known.map(({ store }) => store).filter((store) => !left.includes(store));
  const order = useMutation(
    trpc.vault.preserve.mutationOptions({ onSuccess: ({ itemId }) => router.push(`/evidence/items/${itemId}`) }),
  );
  const toggled = <T,>(list: readonly T[], one: T) =>
    list.includes(one) ? list.filter((other) => other !== one) : [...list, one];
  const lacks = wrong || parts.length === 0 || stores.length === 0 || reason.trim().length < shortest;
  return (
    <div className="flex max-w-4xl flex-col gap-4">
      <PageTitle title="Preserve evidence">
        Streams first, then the database in one snapshot. Caracal is read, never written to.
      </PageTitle>
      <Panel
        title="What"
        state={
          mayCall("vault.preserve", person.roles)
            ? undefined
            : { kind: "not-allowed", ask: "Preserving evidence needs the role responder, security or compliance." }
        }
      >
        <div className="flex flex-col items-start gap-3 px-3 py-3">
          <div className="flex w-full flex-wrap items-end gap-3">
            <ZonePicker value={draft.zone} onChange={(zone) => void setDraft({ zone })} all="Every zone" />
            <Field label="Rows of" className="w-full sm:w-64">
              {(ids) => (
                <select
                  {...ids}
                  value={draft.partition ?? ""}
                  className={controlStyle}
                  onChange={(event) =>
                    void setDraft({ partition: event.target.value || null, since: null, until: null })
                  }
                >
                  <option value="">a window, or all time</option>
                  {estimate.data?.partitions.map((name) => (
                    <option key={name} value={name}>
                      {name}
                    </option>
                  ))}
                </select>
              )}
            </Field>
            {draft.partition === null ? (
              <UtcWindowFilter
                since={draft.since}
                until={draft.until}
                placeholder="the beginning"
                onChange={(change) => void setDraft(change)}
              />
            ) : null}
          </div>
          {wrong ? (
            <p role="alert">
              {backwards
                ? "The window ends before it begins."
                : "Write times as 2026-11-23 02:14. They are taken as UTC."}
            </p>
          ) : null}
          <fieldset className="flex flex-col gap-1">
            <legend className="mb-1 font-medium">Parts</legend>
            {partNames.map((part) => (
              <label key={part} className="flex min-h-8 items-center gap-2">
                <input
                  type="checkbox"
                  className="accent-accent"
                  checked={parts.includes(part)}
                  onChange={() => setParts(partNames.filter((name) => toggled(parts, part).includes(name)))}
                />
                {partWords[part]}
              </label>
            ))}
          </fieldset>
          <IncidentChoice
            value={draft.incident}
            none="No incident"
            onChange={(incident) => void setDraft({ incident })}
          />
          <Field label="Why" className="w-full max-w-xl">
            {(ids) => (
              <Textarea
                {...ids}
                rows={2}
                maxLength={500}
                value={reason}
                onChange={(event) => setReason(event.target.value)}
              />
            )}
          </Field>
        </div>
      </Panel>
      <Panel title="Before it begins">
        <div className="flex flex-col items-start gap-3 px-3 py-3">
          {estimate.isError ? (
            <p role="alert">How much it is cannot be told: {reasonOf(estimate.error)}</p>
          ) : estimate.data === undefined ? (
            <p role="status">Asking how much it is.</p>
          ) : (
            <Amount estimate={estimate.data} />
          )}
          {known.length === 0 && estimate.data !== undefined ? (
            <p role="alert">
              There is nowhere to preserve to: set EVIDENCE_FOLDER or EVIDENCE_S3_BUCKET. Until then preserve by hand
              with the commands of the tamper playbook.
            </p>
          ) : (
            <fieldset className="flex flex-col gap-1">
              <legend className="mb-1 font-medium">Where to</legend>
              {known.map(({ store, place }) => (
                <label key={store} className="flex min-h-8 items-center gap-2">
                  <input
                    type="checkbox"
                    className="accent-accent"
                    checked={!left.includes(store)}
                    onChange={() => setLeft(toggled(left, store))}
                  />
                  {storeWords[store]} <span className="font-mono text-xs break-all text-muted-foreground">{place}</span>
                </label>
              ))}
            </fieldset>
          )}
          <p className="text-muted-foreground">
            It cannot be deleted from here afterwards. It can be stopped; what is written until then stays, and is
            marked as not whole.
          </p>
          {order.isError ? <p role="alert">{reasonOf(order.error)}</p> : null}
          <Button
            variant="primary"
            disabled={lacks || order.isPending || order.isSuccess}
            onClick={() => order.mutate({ ...scope, stores, incidentId: draft.incident, reason: reason.trim() })}
          >
            Preserve
          </Button>
        </div>
      </Panel>
    </div>
  );
}

function Amount({ estimate }: { estimate: Estimate }) {
  const streams =
    estimate.streamEntries === null ? "" : `, and up to ${number(estimate.streamEntries)} entries of the streams`;
  return (
    <>
      <p className="font-medium tabular-nums">
        About {number(estimate.rows)} rows, {fileSize(estimate.bytes)} uncompressed{streams}. Each table is written as
        CSV and as JSON lines, compressed.
      </p>
      {estimate.notes.map((note) => (
        <p key={note} role="alert">
          {note}
        </p>
      ))}
    </>
  );
}
