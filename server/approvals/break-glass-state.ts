import { recentProof, type RecentProof } from "@/server/auth/recent-proof";
import { type BreakGlassContext, isOpenNow } from "@/server/approvals/break-glass";

type Person = { readonly id: string; readonly name: string };
type Use = {
  readonly id: string;
  readonly first: Person;
  readonly second: Person | null;
  readonly reason: string;
  readonly incident: { readonly id: string; readonly number: number };
  readonly askedAt: string;
  readonly openedAt: string;
  readonly expiresAt: string;
};
export type BreakGlassState = {
  readonly enabled: boolean;
  readonly asked: Pick<Use, "id" | "first" | "reason" | "incident" | "askedAt"> | null;
  readonly open: Use | null;
  readonly awaitingReview: readonly Use[];
  readonly reauthentication: RecentProof;
};

type Row = {
  id: string;
  first_id: string;
  first_name: string;
  second_id: string | null;
  second_name: string | null;
  reason: string;
  incident_id: string;
  number: number;
  asked_at: Date;
  opened_at: Date | null;
  expires_at: Date | null;
  open: boolean;
};

const viewOf = (row: Row): Use => ({
  id: row.id,
  first: { id: row.first_id, name: row.first_name },
  second: row.second_id === null ? null : { id: row.second_id, name: row.second_name ?? "" },
  reason: row.reason,
  incident: { id: row.incident_id, number: row.number },
  askedAt: row.asked_at.toISOString(),
  openedAt: (row.opened_at ?? row.asked_at).toISOString(),
  expiresAt: (row.expires_at ?? row.asked_at).toISOString(),
});

/** How break-glass stands: off, asked for, open, and which uses nobody has reviewed. Everybody may know. */
export async function breakGlassState({
  ctx: { db, actor, signInId, secretHash },
}: {
  ctx: BreakGlassContext;
}): Promise<BreakGlassState> {
  const rows = await db.query<Row>(
    `SELECT g.id, g.first_id, f.display_name AS first_name, g.second_id, s.display_name AS second_name, g.reason, g.incident_id,
            i.number::int AS number, g.asked_at, g.opened_at, g.expires_at, (${isOpenNow}) AS open
       FROM break_glass g JOIN people f ON f.id = g.first_id LEFT JOIN people s ON s.id = g.second_id
       JOIN incidents i ON i.id = g.incident_id
      WHERE (g.opened_at IS NOT NULL AND g.reviewed_at IS NULL)
         OR (g.opened_at IS NULL AND g.ended_at IS NULL AND g.asked_at > clock_timestamp() - interval '10 minutes')
      ORDER BY g.asked_at DESC LIMIT 50`,
  );
  const asked = rows.find(({ opened_at: openedAt }) => openedAt === null);
  const open = rows.find((row) => row.open);
  return {
    enabled: secretHash !== undefined,
    asked: asked === undefined ? null : viewOf(asked),
    open: open === undefined ? null : viewOf(open),
    reauthentication: await recentProof(db, signInId, actor.id),
    awaitingReview: rows.filter((row) => row.opened_at !== null && !row.open).map(viewOf),
  };
}
