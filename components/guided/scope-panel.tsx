import { findingSentence, witnessWords } from "@/components/audit/check-words";
import { CopyText } from "@/components/lib/copy-text";
import { TimeStamp } from "@/components/lib/time-stamp";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { Fact, Facts } from "@/components/wizard/facts";
import type { ScopeReport } from "@/server/playbooks/guided/reports.schemas";

const number = (value: number) => value.toLocaleString("en-US");

/** How far a tampering reaches, and who could have done it, with what cannot be seen from here said as that. */
export function ScopePanel({ report }: { report: ScopeReport }) {
  const { affected, window, neighbours } = report;
  return (
    <div className="flex flex-col gap-3 rounded-md border bg-background p-3" data-report="scope">
      <Facts>
        <Fact name="Affected rows">
          {number(affected.count)}
          {affected.count > affected.rows.length ? `, the first ${affected.rows.length} below` : ""}
        </Fact>
        <Fact name="It was done between">
          <TimeStamp at={window.from} show="time" date="always" /> and{" "}
          <TimeStamp at={window.to} show="time" date="always" />
          <span className="text-muted-foreground">
            {window.lastWhole === null
              ? ". This console has never seen the zone whole; no row is changed before it is written."
              : `. ${window.lastWhole === window.from ? "A check at the first time found the zone whole." : "Not before the rows were written."}`}
          </span>
        </Fact>
        <Fact name="Read">
          <TimeStamp at={report.at} />
        </Fact>
      </Facts>
      {affected.rows.length === 0 ? null : (
        <Table label="Affected rows">
          <TableHead>
            <TableRow>
              <TableHeader numeric>Seq</TableHeader>
              <TableHeader>Event</TableHeader>
              <TableHeader>What</TableHeader>
              <TableHeader>Told by</TableHeader>
            </TableRow>
          </TableHead>
          <TableBody>
            {affected.rows.map((row) => (
              <TableRow key={`${row.seq}:${row.eventId}:${row.finding}`}>
                <TableCell numeric>{row.seq === null ? "?" : number(row.seq)}</TableCell>
                <TableCell>{row.eventId === null ? "not known" : <CopyText text={row.eventId} />}</TableCell>
                <TableCell>
                  {findingSentence(row)}
                  {row.columns.length === 0 ? "" : `: ${row.columns.join(", ")}`}
                </TableCell>
                <TableCell>{row.witnesses.map((one) => witnessWords[one]).join(", ")}</TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      )}
      {neighbours.length === 0 ? null : (
        <p className="text-muted-foreground">
          Neighbours that stand: seq {neighbours.map(({ seq }) => number(seq)).join(", ")}.
        </p>
      )}
      <Writers report={report} />
      <AdminActs report={report} />
    </div>
  );
}

function Writers({ report: { writers, connections, hiddenConnections } }: { report: ScopeReport }) {
  return (
    <>
      <Table label="Roles that can write to the audit log">
        <TableHead>
          <TableRow>
            <TableHeader>Role that can write to the audit log</TableHeader>
            <TableHeader>How</TableHeader>
            <TableHeader>May sign in</TableHeader>
          </TableRow>
        </TableHead>
        <TableBody>
          {writers.map(({ role, by, login }) => (
            <TableRow key={role}>
              <TableCell className="font-mono text-xs">{role}</TableCell>
              <TableCell>{by.join(", ")}</TableCell>
              <TableCell>{login ? "yes" : "no"}</TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
      <Table label="Connections now">
        <TableHead>
          <TableRow>
            <TableHeader>Connected now as</TableHeader>
            <TableHeader>Application</TableHeader>
            <TableHeader numeric>Connections</TableHeader>
            <TableHeader>From</TableHeader>
          </TableRow>
        </TableHead>
        <TableBody>
          {connections.map((one) => (
            <TableRow key={`${one.role}:${one.application}`}>
              <TableCell className="font-mono text-xs">{one.role}</TableCell>
              <TableCell>{one.application === "" ? "gives no name" : one.application}</TableCell>
              <TableCell numeric>{number(one.connections)}</TableCell>
              <TableCell>
                {one.addresses.length > 0
                  ? one.addresses.join(", ")
                  : one.hidden > 0
                    ? "hidden from our role"
                    : "local"}
              </TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
      {hiddenConnections === 0 ? null : (
        <p className="text-muted-foreground">
          Of {number(hiddenConnections)} connections of other roles the console's role may not see address, start and
          state: the command below, run as an owner of the database, shows them. Who was connected earlier stands only
          in Postgres's own access logs.
        </p>
      )}
    </>
  );
}

function AdminActs({ report: { adminActs, window } }: { report: ScopeReport }) {
  if (adminActs.acts.length === 0)
    return (
      <p className="text-muted-foreground">
        No administrator did anything through Caracal's API between <TimeStamp at={window.from} show="time" /> and{" "}
        <TimeStamp at={window.to} show="time" />. SQL by hand is not recorded there.
      </p>
    );
  return (
    <>
      <Table label="Administrators' acts in the window">
        <TableHead>
          <TableRow>
            <TableHeader>When</TableHeader>
            <TableHeader>Administrator</TableHeader>
            <TableHeader>What</TableHeader>
            <TableHeader numeric>Answer</TableHeader>
          </TableRow>
        </TableHead>
        <TableBody>
          {adminActs.acts.map((act, at) => (
            <TableRow key={`${act.at}:${at.toString()}`}>
              <TableCell>
                <TimeStamp at={act.at} show="time" />
              </TableCell>
              <TableCell>{act.actor ?? "not known"}</TableCell>
              <TableCell>
                {act.action} <span className="font-mono text-xs text-muted-foreground">{act.path}</span>
              </TableCell>
              <TableCell numeric>{act.status ?? "?"}</TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
      {adminActs.more ? <p className="text-muted-foreground">And more before these, in admin_audit_events.</p> : null}
    </>
  );
}
