"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { SessionState } from "@/components/data-table/session-state";
import { useZoneNames } from "@/components/data-table/use-zone-names";
import { CopyText } from "@/components/lib/copy-text";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { buttonStyle } from "@/components/ui/button";
import { Fact, Facts } from "@/components/wizard/facts";
import { startHref } from "@/components/wizard/start-model";
import { mayCall } from "@/server/auth/policy";
import { LikelyEvents } from "./likely-events";

/** One session's row as Caracal holds it, what it means, and where to go from it. */
export function SessionClient({ sessionId }: { sessionId: string }) {
  const trpc = useTRPC();
  const person = usePerson();
  const zoneName = useZoneNames();
  const query = useQuery(trpc.sessions.get.queryOptions({ sessionId }, { refetchInterval: 5_000 }));
  const row = query.data;
  const mayStart = mayCall("playbooks.start", person.roles);
  return (
    <div className="flex flex-col gap-4">
      <header>
        <p className="text-xs text-muted-foreground">
          <Link href="/sessions" className="underline underline-offset-2 hover:text-foreground">
            Sessions
          </Link>
        </p>
        <h1>
          Session <CopyText text={sessionId} what="session" whole />
        </h1>
      </header>
      <Panel
        title="As stored"
        note={
          row === undefined ? null : (
            <>
              read <TimeStamp at={query.dataUpdatedAt} />
            </>
          )
        }
        state={panelStateOf(query, { when: false, sentence: "" })}
        actions={
          row?.state === "live" && mayStart ? (
            <Link href={startHref({ session: row.id })} className={buttonStyle("primary", "sm")}>
              Open revoke playbook
            </Link>
          ) : null
        }
      >
        {row === undefined ? null : (
          <div className="px-4 py-3">
            <Facts>
              <Fact name="State now">
                <SessionState row={row} />
              </Fact>
              <Fact name="Status in the row">{row.status}</Fact>
              <Fact name="Subject">
                <CopyText text={row.subjectId} what="subject" whole />{" "}
                <span className="text-muted-foreground">{row.type}</span>
              </Fact>
              <Fact name="Zone">
                {zoneName(row.zoneId)} <CopyText text={row.zoneId} what="zone" />
              </Fact>
              <Fact name="Expires">
                <TimeStamp at={row.expiresAt} date="always" />
              </Fact>
              <Fact name="Made">
                <TimeStamp at={row.createdAt} date="always" />
              </Fact>
              <Fact name="Authenticated">
                <TimeStamp at={row.authenticatedAt} date="always" />
              </Fact>
              <Fact name="Parent">
                {row.parentId === null ? (
                  "None. A token exchange never records which session it came from."
                ) : (
                  <CopyText text={row.parentId} what="parent session" />
                )}
              </Fact>
            </Facts>
            <p className="mt-3">
              <Link
                href={`/sessions?zone=${encodeURIComponent(row.zoneId)}&subject=${encodeURIComponent(row.subjectId)}`}
                className="text-accent underline underline-offset-2"
              >
                Every live session of this subject in this zone
              </Link>
            </p>
          </div>
        )}
      </Panel>
      {row === undefined ? null : <LikelyEvents sessionId={row.id} />}
    </div>
  );
}
