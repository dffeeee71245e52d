import { archiveCompared } from "@/server/playbooks/guided/probe-archive";
import { chainChecked, gradedAsProved, unchangedSince } from "@/server/playbooks/guided/probe-audit-check";
import { evidencePreserved } from "@/server/playbooks/guided/probe-preserved";
import { scopeReport } from "@/server/playbooks/guided/scope-facts";
import { verdictProposal } from "@/server/playbooks/guided/verdict-facts";
import { catalogued } from "@/server/playbooks/guided/catalogue";
import type { Playbook } from "@/server/playbooks/guided/playbook";

const checkPage = () => ({ label: "Open the checks", href: "/audit/checks" });
const quoted = (id: string | null) => `'${(id ?? "").replaceAll("'", "''")}'`;

/** Rows of the audit log were changed, removed or rewritten, or somebody says so. */
export const auditTampering: Playbook = {
  ...catalogued("audit-tampering"),
  steps: [
    {
      id: "detect",
      title: "Check the zone's chain",
      what: "The console's own check recovers the original bytes and hears the stream's signed copies. Caracal's mismatch counter counts clean rows too and says nothing.",
      kind: "verify",
      probe: chainChecked,
      act: checkPage,
    },
    {
      id: "classify",
      title: "Grade it by what is proved",
      what: "Removed or rewritten rows are a P1, changed rows a P2. Done when the incident is graded no lower than that.",
      kind: "decide",
      probe: gradedAsProved,
      act: (run) => ({ label: "Open the incident", href: `/incidents/${run.incident_id}` }),
    },
    {
      id: "preserve",
      title: "Preserve the evidence, streams first",
      what: "The stream holds the signed originals and is trimmed: it goes first. Done when the vault holds the whole zone under this incident. Where no store is configured, by hand: copy to where nobody who can write to the database can write, tick each, or say that it was not preserved and why, and record the SHA-256 of the list of digests.",
      kind: "manual",
      probe: evidencePreserved,
      byHand: true,
      wants: "hash-and-reason",
      act: (run) => ({
        label: "Preserve evidence",
        href: `/evidence/preserve?zone=${encodeURIComponent(run.zone_id ?? "")}&incident=${run.incident_id}`,
      }),
      checks: () => [
        { item: "stream", label: "caracal.audit.events and its dead letters" },
        { item: "rows", label: "audit_events of the zone" },
        { item: "alerts", label: "audit_ingest_alerts and event_outbox" },
        { item: "admin", label: "admin_audit_events" },
        { item: "metrics", label: "The services' metrics as they are now" },
        { item: "access-logs", label: "Postgres's own access logs, or that they were not preserved" },
      ],
      commands: (run) => [
        {
          title: "The stream, then its dead letters, as verify-evidence reads them",
          command: `umask 077; for s in caracal.audit.events caracal.audit.events.dlq; do redis-cli -u "$CARACAL_REDIS_URL" --json XRANGE $s - + | jq -c '.[] | {id: .[0], fields: (.[1] as $f | [range(0; $f | length; 2) | {($f[.]): $f[. + 1]}] | add)}' > $s.jsonl; done`,
        },
        {
          title: "The rows",
          command: `psql "$CARACAL_DATABASE_URL" -c "COPY (SELECT * FROM audit_events WHERE zone_id = ${quoted(run.zone_id)} ORDER BY chain_seq) TO STDOUT CSV HEADER" > audit_events.csv`,
        },
        {
          title: "Their digests, and the digest of the list",
          command: "sha256sum *.jsonl *.csv | tee digests.sha256 | sha256sum",
        },
      ],
    },
    {
      id: "scope",
      title: "Scope: which rows, when, and who could write",
      what: "What the console can tell is below: the affected rows with their neighbours, the window, who is connected, which roles could write, what administrators did. It is kept as it is when you go on. Say what it means, and what was found beyond it.",
      kind: "observe",
      report: scopeReport,
      wants: "reason",
      skippable: true,
      act: checkPage,
      commands: (run) => [
        {
          title: "Who is connected, as an owner of the database",
          command: `psql "$CARACAL_DATABASE_URL" -c "SELECT usename, application_name, client_addr, backend_start, state FROM pg_stat_activity WHERE datname = current_database() ORDER BY backend_start"`,
        },
        {
          title: "Who may write to the audit log",
          command: `psql "$CARACAL_DATABASE_URL" -c "SELECT grantee, string_agg(privilege_type, ', ') FROM information_schema.role_table_grants WHERE table_name = 'audit_events' AND privilege_type <> 'SELECT' GROUP BY 1 ORDER BY 1"`,
        },
        {
          title: "What administrators did lately",
          command: `psql "$CARACAL_DATABASE_URL" -c "SELECT occurred_at, actor_name, action, path, status_code FROM admin_audit_events WHERE zone_id = ${quoted(run.zone_id)} ORDER BY occurred_at DESC LIMIT 200"`,
        },
      ],
    },
    {
      id: "archive",
      title: "Compare with the archive",
      what: "The hourly Parquet exports lie outside the database and are never overwritten. Hold them against the table by event id: what is missing, what differs in which columns, and which hours have no export.",
      kind: "verify",
      probe: archiveCompared,
      skippable: true,
      act: (run) => ({
        label: "Compare with the archive",
        href: `/audit/archive${run.zone_id === null ? "" : `?zone=${encodeURIComponent(run.zone_id)}`}`,
      }),
    },
    {
      id: "verdict",
      title: "Give the verdict, and how sure it is",
      what: "What the findings speak for is proposed; you decide. Say why, and by which witnesses.",
      kind: "decide",
      report: verdictProposal,
      wants: "verdict",
    },
    {
      id: "escalate",
      title: "Tell security and compliance",
      what: "Each by name, with when and how they were told.",
      kind: "manual",
      checks: () => [
        { item: "security", label: "Security was told" },
        { item: "compliance", label: "Compliance was told" },
      ],
    },
    {
      id: "hold",
      title: "See that nothing was touched since",
      what: "Check the chain once more: it must say what it said before the preservation. It is asked again when the run ends.",
      kind: "verify",
      probe: unchangedSince,
      holds: true,
      act: checkPage,
    },
    {
      id: "sign-off",
      title: "Have it signed off",
      what: "Somebody of security and somebody of compliance sign what was settled so far, each signed in as themselves; neither began or drives this run. Until both have signed nobody changes the audit tables: no repair, no retention, no restore.",
      kind: "manual",
      signers: ["security", "compliance"],
    },
  ],
};
