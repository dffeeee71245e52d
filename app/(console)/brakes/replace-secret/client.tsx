"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { parseAsString, useQueryStates } from "nuqs";
import { ProviderTokens } from "@/components/brakes/provider-tokens";
import { ReplaceSecretAct } from "@/components/brakes/replace-secret-act";
import { TextFilter } from "@/components/data-table/text-filter";
import { ZonePicker } from "@/components/data-table/zone-picker";
import { Panel } from "@/components/lib/panel";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { Field } from "@/components/ui/field";
import { controlStyle } from "@/components/ui/input";
import { policyOf } from "@/server/auth/action-policy";
import { mayCall } from "@/server/auth/policy";

export function ReplaceSecretClient() {
  const trpc = useTRPC();
  const person = usePerson();
  const [{ zone, application, find, incident }, setParams] = useQueryStates({
    zone: parseAsString,
    application: parseAsString,
    find: parseAsString,
    incident: parseAsString,
  });
  const query = useQuery(
    trpc.brakes.applications.queryOptions(
      { zoneId: zone ?? "", text: find ?? "", limit: 100 },
      { enabled: zone !== null, placeholderData: keepPreviousData },
    ),
  );
  const applications = query.data?.rows ?? [];
  const chosen = applications.find(({ id }) => id === application) ?? null;
  const allowed = mayCall("brakes.replaceSecret", person.roles);
  return (
    <div className="flex max-w-3xl flex-col gap-4">
      <header>
        <p className="text-xs text-muted-foreground">
          <Link href="/brakes" className="underline underline-offset-2 hover:text-foreground">
            Brakes
          </Link>
        </p>
        <h1>Replace an application's secret</h1>
        <p className="max-w-prose text-muted-foreground">
          Whoever holds an application's secret mints again at once, whatever is revoked. A new secret ends that.
        </p>
      </header>
      <Panel title="Which application">
        <div className="flex flex-col gap-3 px-3 py-3">
          <ZonePicker
            value={zone}
            onChange={(next) => void setParams({ zone: next, application: null })}
            all="Choose a zone"
            className="sm:w-full sm:max-w-xl"
          />
          <TextFilter
            first
            label="Find"
            placeholder="Part of its name or id"
            value={find}
            maxLength={100}
            onApply={(next) => void setParams({ find: next })}
            className="w-full max-w-xl"
          />
        </div>
        <Panel
          title="Applications of the zone"
          className="rounded-none border-0 border-t"
          state={
            zone === null
              ? { kind: "empty", sentence: "Choose a zone first." }
              : panelStateOf(query, {
                  when: applications.length === 0,
                  sentence:
                    find === null ? "The zone has no application." : "No application of the zone is called that.",
                })
          }
        >
          <div className="px-3 py-3">
            <Field
              label="Application"
              hint={
                application !== null && chosen === null
                  ? `${application} is not an application of this zone.`
                  : undefined
              }
              className="w-full max-w-xl"
            >
              {(ids) => (
                <select
                  {...ids}
                  value={chosen?.id ?? ""}
                  className={controlStyle}
                  onChange={(event) => void setParams({ application: event.target.value || null })}
                >
                  <option value="">Choose an application</option>
                  {applications.map((one) => (
                    <option key={one.id} value={one.id}>
                      {one.name} ({one.id}){one.archived ? ", archived" : ""}
                    </option>
                  ))}
                </select>
              )}
            </Field>
          </div>
        </Panel>
      </Panel>
      {zone === null || chosen === null ? null : (
        <>
          <Panel
            title="Replace"
            state={
              allowed
                ? undefined
                : {
                    kind: "not-allowed",
                    ask: `Replacing a secret needs the role ${policyOf("replace-application-secret").roles.join(" or ")}. Ask a colleague who holds it.`,
                  }
            }
          >
            <div className="px-3 py-3">
              <ReplaceSecretAct key={chosen.id} zoneId={zone} application={chosen} incidentId={incident} />
            </div>
          </Panel>
          <ProviderTokens zoneId={zone} applicationId={chosen.id} />
        </>
      )}
    </div>
  );
}
