import { CopyText } from "@/components/lib/copy-text";
import { TimeStamp } from "@/components/lib/time-stamp";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { Fact, Facts } from "@/components/wizard/facts";
import { counted } from "@/components/wizard/run-model";
import type { BlastRadius } from "@/server/playbooks/schemas";

/** What the subject holds right now, and why one session is rarely the whole of it. */
export function BlastStep({ blast, subjectId }: { blast: BlastRadius; subjectId: string }) {
  const { recentExchanges: exchanges } = blast;
  return (
    <div className="flex flex-col gap-4">
      <Facts>
        <Fact name="Live sessions">
          <strong>{blast.liveSessions.toLocaleString("en-GB")}</strong> active and unexpired
          {blast.capped ? ": the playbook's ceiling, there may be more. A zone-wide revocation needs two people." : ""}
        </Fact>
        <Fact name="Agent sessions">
          <strong>{blast.agentSessionCount.toLocaleString("en-GB")}</strong> active, they end with the revocation
        </Fact>
        <Fact name="The last one expires">
          <TimeStamp at={blast.latestExpiry} />
        </Fact>
        <Fact name="Counted">
          <TimeStamp at={blast.at} />
        </Fact>
        <Fact name={`Exchanges, last ${exchanges.windowMinutes} min`}>
          {exchanges.allow} allowed, {exchanges.deny} denied in the whole zone. {exchanges.note}
        </Fact>
        <Fact name="Provider grants">
          {blast.grants.length === 0 ? (
            "None: no provider token is held for this subject."
          ) : (
            <>
              {counted(blast.grants.length, "grant")}. Their provider tokens outlive every revocation here and must be
              revoked at the provider; the checklist of step 5 has the calls.
            </>
          )}
        </Fact>
      </Facts>
      <aside className="max-w-prose border-l-2 border-border-strong pl-3">
        <h3>Why not only the session that was stolen</h3>
        <p className="text-muted-foreground">
          Every token exchange makes a new session that does not point back to the one it came from. Revoking one leaves
          those alive. So every live session of {subjectId} in this zone is revoked, and a second sweep afterwards finds
          what was minted in the meantime.
        </p>
      </aside>
      <Sample blast={blast} />
    </div>
  );
}

function Sample({ blast }: { blast: BlastRadius }) {
  if (blast.sample.length === 0) return <p>No session of this subject is live right now.</p>;
  return (
    <details>
      <summary className="w-fit cursor-pointer rounded-sm py-1">
        {blast.sample.length === blast.liveSessions
          ? `The ${counted(blast.liveSessions, "session")}`
          : `${blast.sample.length} of the ${counted(blast.liveSessions, "session")}`}
        {blast.agentSessions.length > 0 ? ` and ${counted(blast.agentSessions.length, "agent session")}` : ""}
      </summary>
      <div className="max-h-80 overflow-y-auto">
        <Table label="Live sessions of the subject">
          <TableHead>
            <tr>
              <TableHeader>Session</TableHeader>
              <TableHeader>Made</TableHeader>
              <TableHeader>Expires</TableHeader>
              <TableHeader>Agent sessions</TableHeader>
            </tr>
          </TableHead>
          <TableBody>
            {blast.sample.map((session) => (
              <TableRow key={session.id}>
                <TableCell>
                  <CopyText text={session.id} what="session" />
                </TableCell>
                <TableCell>
                  <TimeStamp at={session.createdAt} />
                </TableCell>
                <TableCell>
                  <TimeStamp at={session.expiresAt} />
                </TableCell>
                <TableCell>
                  {blast.agentSessions
                    .filter((agent) => agent.sid === session.id)
                    .map((agent) => (
                      <span key={agent.id} className="mr-2 whitespace-nowrap">
                        <CopyText text={agent.id} what="agent session" />{" "}
                        <span className="text-muted-foreground">{agent.status}</span>
                      </span>
                    ))}
                </TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      </div>
    </details>
  );
}
