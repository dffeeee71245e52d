import { hkdfSync } from "node:crypto";
import type { Actor } from "@/server/auth/roles";
import { type IncidentRecord, readRecord } from "@/server/evidence/incident-record";
import { createRedactor, idsIn, type Redactor } from "@/server/evidence/redactor";
import type { ExportProfile } from "@/server/evidence/schemas";
import type { SigningKey } from "@/server/evidence/signing-key";
import type { Queryable } from "@/server/platform/postgres";
import { readPostMortem } from "@/server/post-mortem/get-post-mortem";
import { renderPostMortemMarkdown } from "@/server/post-mortem/render-post-mortem";
import type { PostMortemView } from "@/server/post-mortem/schemas";
import { readWatches } from "@/server/watches/list-watches";
import type { WatchView } from "@/server/watches/schemas";
import { subjectIncident } from "@/server/post-mortem/subject-incident";
import type { EntryRow } from "@/server/timeline/entry-hash";
import { readChain } from "@/server/timeline/read-chain";

/** One entry as it is exported. In the full profile it has every column, and `details` is the text as it was hashed. */
export type ExportedEntry = Readonly<Record<string, string | number | null>> & {
  readonly seq: number;
  readonly at: string;
  readonly kind: string;
  readonly actor_name: string;
  readonly summary: string;
};

/** An incident's record in one profile, ready for any format. All of it is of one moment: one snapshot of the database. */
export type ExportContent = {
  readonly profile: ExportProfile;
  readonly exportedAt: string; // database clock
  readonly number: number;
  readonly chain: string;
  readonly title: string;
  readonly incident: unknown;
  readonly approvals: readonly unknown[];
  readonly proofs: readonly unknown[];
  readonly watches: readonly WatchView[]; // figures that the incident watched, with their samples
  readonly files: IncidentRecord["files"]; // none in the shared profile
  readonly postMortem: string; // Markdown
  readonly signatures: PostMortemView["signatures"];
  /** Reads on in the snapshot while it is iterated. */
  entries(): AsyncGenerator<ExportedEntry>;
};

const noteLeftOut = "[note left out]";
const wholeEntry = (row: EntryRow): ExportedEntry => ({ ...row, seq: Number(row.seq) });

/** Notes are free text that nobody can redact for certain; details hold parameters: both stay behind. */
const sharedEntry = (row: EntryRow, redactor: Redactor): ExportedEntry => ({
  chain: row.chain,
  seq: Number(row.seq),
  at: row.at,
  kind: row.kind,
  actor_name: row.actor_id === null ? row.actor_name : redactor.person(row.actor_id, row.actor_name),
  actor_roles: row.actor_roles,
  summary: row.kind.startsWith("note.") ? noteLeftOut : redactor.text(row.summary),
  prev_hash: row.prev_hash,
  hash: row.hash,
});

async function* entriesOf(tx: Queryable, chain: string, shown: (row: EntryRow) => ExportedEntry) {
  for await (const page of readChain(tx, chain)) for (const row of page) yield shown(row);
}

/** The post-mortem's own timeline quotes notes too. */
async function withoutNotes(tx: Queryable, chain: string, view: PostMortemView): Promise<PostMortemView> {
  const { milestones } = view.measured;
  const notes = await tx.query<{ seq: number }>(
    "SELECT seq::float8 AS seq FROM timeline_entries WHERE chain = $1 AND split_part(kind, '.', 1) = 'note' AND seq = ANY ($2::bigint[])",
    [chain, milestones.map(({ seq }) => seq)],
  );
  const hidden = new Set(notes.map(({ seq }) => seq));
  const shown = milestones.map((one) => (hidden.has(one.seq) ? { ...one, summary: noteLeftOut } : one));
  return { ...view, measured: { ...view.measured, milestones: shown } };
}

/** A key for the stand-ins that only this console has, another one for each incident. */
const standInKey = (key: SigningKey, incidentId: string): Buffer =>
  Buffer.from(
    hkdfSync("sha256", key.privateKey.export({ type: "pkcs8", format: "der" }), incidentId, "stand-ins, version 1", 32),
  );

async function redactorFor(tx: Queryable, record: IncidentRecord, key: SigningKey): Promise<Redactor> {
  const { id } = record.incident;
  const actors = await tx.query<{ id: string; name: string }>(
    `SELECT actor_id AS id, min(actor_name) AS name FROM timeline_entries WHERE chain = $1 AND actor_id IS NOT NULL
      GROUP BY actor_id ORDER BY min(seq) LIMIT 1000`,
    [id],
  );
  const known = await tx.query<{ id: string; username: string; display_name: string }>(
    "SELECT id, username, display_name FROM people ORDER BY created_at, id LIMIT 1000",
  );
  const accounts = new Map(known.map((one) => [one.id, one]));
  const named = [
    ...actors,
    ...record.roles.map((role) => role.person),
    ...record.members,
    ...record.approvals.flatMap((one) => [one.requester, ...one.votes.map((vote) => vote.voter)]),
    ...known.map((one) => ({ id: one.id, name: one.display_name })),
  ];
  const details: string[] = [];
  for await (const page of readChain(tx, id))
    for (const row of page) if (details.length < 50_000) details.push(...idsIn(JSON.parse(row.details)));
  const zoneLinks = record.links.filter(({ kind }) => kind === "zone");
  return createRedactor({
    people: named.map((one) => {
      const account = one.id === null ? undefined : accounts.get(one.id);
      const aliases = account === undefined ? [] : [account.username, account.display_name];
      return { ...one, aliases };
    }),
    zones: [
      ...record.runs.flatMap(({ zone }) => [zone.id, zone.name]),
      ...zoneLinks.flatMap(({ ref, label }) => [ref, label]),
    ],
    ids: [
      ...record.runs.flatMap((run) => run.subjectId ?? []),
      ...record.approvals.flatMap((one) => [...idsIn(one.parameters), ...idsIn(one.targets)]),
      ...details,
    ],
    key: standInKey(key, id),
  });
}

function sharedRecord(record: IncidentRecord, redactor: Redactor) {
  const { incident, files, approvals, runs, roles, members, ...rest } = record;
  const who = (one: { id: string | null; name: string } | null) =>
    one === null ? null : redactor.person(one.id, one.name);
  const declaredBy = incident.declaredBy as { id: string | null; name: string };
  return {
    incident: {
      incident: {
        ...(redactor.value({ ...incident, declaredBy: null }) as object),
        id: incident.id, // a random number that names the chain
        declaredBy: declaredBy.id === null ? declaredBy.name : who(declaredBy),
      },
      roles: roles.map((role) => ({ ...role, person: who(role.person) })),
      members: members.map(who),
      ...(redactor.value({ ...rest, merged: rest.merged.map(({ number }) => ({ number })) }) as object),
      files: files.map(({ mediaType, size, sha256 }) => ({ mediaType, size, sha256 })),
    },
    approvals: approvals.map(
      ({ id, action, severity, state, requester, targetCount, targetsDigest, digest, votesNeeded, ...one }) => ({
        id,
        action,
        severity,
        state,
        requester: who(requester),
        targetCount,
        targetsDigest,
        digest,
        votesNeeded,
        requestedAt: one.requestedAt,
        decidedAt: one.decidedAt,
        executedAt: one.executedAt,
        executedBy: who(one.executedBy),
        votes: one.votes.map(({ voter, roles: held, vote, castAt, withdrawnAt }) => ({
          voter: who(voter),
          roles: held,
          vote,
          castAt,
          withdrawnAt,
        })),
      }),
    ),
    proofs: runs.map(({ id, playbook, state, drill, zone, startedBy, createdAt, observedAt, proof }) => ({
      id,
      playbook,
      state,
      drill,
      zone: redactor.text(zone.name),
      startedBy: who(startedBy),
      createdAt,
      observedAt,
      summary: redactor.text((proof as { summary?: string } | null)?.summary ?? "Nothing was proved"),
    })),
  };
}

/**
 * Reads an incident for export, inside a transaction that sees one moment (REPEATABLE READ).
 * @throws not_found when the viewer may not see it
 */
export async function readContent(
  tx: Queryable,
  actor: Pick<Actor, "id" | "roles">,
  input: { readonly incidentId: string; readonly profile: ExportProfile },
  key: SigningKey,
): Promise<ExportContent> {
  const subject = await subjectIncident(tx, actor, input.incidentId);
  const [clock] = await tx.query<{ now: Date }>("SELECT clock_timestamp() AS now");
  const record = await readRecord(tx, subject.id);
  const view = await readPostMortem(tx, subject);
  const watches = await readWatches(tx, subject.id);
  const base = {
    profile: input.profile,
    exportedAt: (clock?.now ?? new Date()).toISOString(),
    number: subject.number,
    chain: subject.id,
  };
  if (input.profile === "full") {
    const { approvals, runs, ...incident } = record;
    return {
      ...base,
      title: subject.title,
      incident,
      approvals,
      proofs: runs,
      watches,
      files: record.files,
      postMortem: renderPostMortemMarkdown(view),
      signatures: view.signatures,
      entries: () => entriesOf(tx, subject.id, wholeEntry),
    };
  }
  const redactor = await redactorFor(tx, record, key);
  return {
    ...base,
    ...sharedRecord(record, redactor),
    title: redactor.text(subject.title),
    watches: watches.map((watch) => ({
      ...watch,
      series: redactor.text(watch.series),
      label: redactor.text(watch.label),
      pinnedBy: redactor.text(watch.pinnedBy),
      unpinnedBy: watch.unpinnedBy === null ? null : redactor.text(watch.unpinnedBy),
    })),
    files: [],
    postMortem: redactor.text(renderPostMortemMarkdown(await withoutNotes(tx, subject.id, view))),
    signatures: view.signatures.map(({ person, signedAt }) => ({
      person: { id: "", name: redactor.person(person.id, person.name) },
      signedAt,
    })),
    entries: () => entriesOf(tx, subject.id, (row) => sharedEntry(row, redactor)),
  };
}
