"use client";

import { useQuery } from "@tanstack/react-query";
import { CopyText } from "@/components/lib/copy-text";
import { Panel } from "@/components/lib/panel";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { prettyJson } from "./pretty-json";
import { goneWords } from "./verdict-words";

/** What the signed copy in the stream says was in a row that is gone. `entry`: of the stream, where a check has seen it. */
export function SignedCopy({ eventId, entry }: { eventId: string; entry?: string }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.audit.signedCopy.queryOptions({ eventId, entry }));
  const copy = query.data;
  return (
    <Panel
      title="What was signed"
      note={<CopyText text={eventId} what="event" whole />}
      state={panelStateOf(query, { when: false, sentence: "" })}
    >
      {copy === undefined ? null : (
        <div className="flex flex-col gap-3 px-3 py-3">
          <p role="status">{goneWords(copy)}</p>
          {copy.state !== "found" ? null : (
            <>
              <table className="w-full text-left text-xs">
                <caption className="mb-1 text-left">
                  Signed, as entry <CopyText text={copy.entry} what="stream entry" /> of the stream holds it
                  {copy.hidden.length === 0 ? "" : `; hidden: ${copy.hidden.join(", ")}`}
                </caption>
                <thead>
                  <tr className="border-b">
                    <th className="py-1 pr-3 font-medium">Column</th>
                    <th className="py-1 font-medium">Signed</th>
                  </tr>
                </thead>
                <tbody className="font-mono">
                  {copy.columns.map(({ column, value }) => (
                    <tr key={column} className="border-b align-top">
                      <th scope="row" className="py-1 pr-3 font-normal break-all">
                        {column}
                      </th>
                      <td className="py-1 break-all whitespace-pre-wrap">
                        {value === null || value === "" ? "none" : column.endsWith("_json") ? prettyJson(value) : value}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
              <p className="text-xs text-muted-foreground">
                Content hash of what was signed: <CopyText text={copy.content} what="content hash" />
              </p>
            </>
          )}
        </div>
      )}
    </Panel>
  );
}
