import { uuidV7 } from "@/sandbox/encoding/uuid-v7";
import type { Cell } from "./copy-rows";
import type { Random } from "./random";
import { type Amounts, dayMs, days, minuteMs } from "./sizes";
import type { SeededZone } from "./zones";

type Row = Readonly<Record<string, Cell>>;
export type SeededSession = {
  readonly id: string;
  readonly zone: SeededZone;
  readonly subject: string;
  readonly createdAt: number; // Unix ms
  readonly expiresAt: number;
  readonly status: "active" | "revoked" | "expired";
};
export type Population = {
  readonly sessions: readonly SeededSession[];
  readonly rows: Row[];
  readonly agents: Row[];
  readonly edges: Row[];
  readonly usersByZone: ReadonlyMap<string, readonly string[]>;
};

const firstNames = [
  "amara",
  "bo",
  "chidi",
  "dana",
  "elif",
  "farid",
  "greta",
  "hiro",
  "ines",
  "jonas",
  "kaia",
  "lev",
  "mina",
  "noor",
  "otto",
  "priya",
];
const lastNames = [
  "okafor",
  "lindqvist",
  "moreau",
  "castillo",
  "demir",
  "novak",
  "tanaka",
  "alves",
  "berg",
  "haddad",
  "kowalski",
  "ito",
  "fischer",
  "rossi",
  "iyer",
  "quinn",
  "sato",
  "weber",
  "zhou",
  "adeyemi",
];
const userShare = 0.8;
const ambientMs = 60 * minuteMs;
const perCallMs = 15 * minuteMs;

/** The subjects of one zone: mostly people, the rest its applications. Names do not repeat across zones. */
function subjectsOf(zone: SeededZone, index: number, count: number): { users: string[]; all: string[] } {
  const users = Array.from(
    { length: Math.round(count * userShare) },
    (_, place) =>
      `${firstNames[place % firstNames.length]}.${lastNames[(index + Math.floor(place / firstNames.length) * 7) % lastNames.length]}`,
  );
  const others = Array.from(
    { length: count - users.length },
    (_, place) => zone.applications[place] ?? `svc-${zone.slug}-${place}`,
  );
  return { users, all: [...users, ...others] };
}

/**
 * Sessions as the release leaves them: about a quarter alive now (ambient up to 60 min, per-call up to 15), most of the
 * rest expired but still `active` (trap 5), some revoked; every subject has several. The first user of the first zone is
 * the one whose mandate is stolen: two ambient and five per-call sessions alive, three stale ones, agents on two of them.
 */
export function makePopulation(zones: readonly SeededZone[], wanted: Amounts, now: number, random: Random): Population {
  const sessions: SeededSession[] = [];
  const rows: Row[] = [];
  const usersByZone = new Map<string, readonly string[]>();
  const perZone = Math.floor(wanted.subjects / zones.length);
  const subjects = zones.map((zone, index) => subjectsOf(zone, index, perZone));
  for (const [index, zone] of zones.entries()) usersByZone.set(zone.id, subjects[index]?.users ?? []);

  const add = (
    zone: SeededZone,
    subject: string,
    ambient: boolean,
    createdAt: number,
    status: SeededSession["status"],
  ) => {
    const life = ambient ? ambientMs : perCallMs;
    const id = uuidV7(createdAt);
    const expiresAt = createdAt + life;
    sessions.push({ id, zone, subject, createdAt, expiresAt, status });
    const type = subject.includes("-") ? "application" : "user";
    const made = new Date(createdAt);
    rows.push({
      id,
      zone_id: zone.id,
      session_type: type,
      subject_id: subject,
      parent_id: null,
      status,
      expires_at: new Date(expiresAt),
      authenticated_at: made,
      created_at: made,
    });
  };

  const [stolenZone] = zones;
  const stolen = subjects[0]?.users[0];
  if (stolenZone === undefined || stolen === undefined) throw new RangeError("no zone to seed");
  for (const minutes of [4, 9]) add(stolenZone, stolen, true, now - minutes * minuteMs, "active");
  for (const minutes of [1, 2, 3, 4, 5]) add(stolenZone, stolen, false, now - minutes * minuteMs, "active");
  for (const hours of [3, 5, 8]) add(stolenZone, stolen, false, now - hours * 60 * minuteMs, "active");

  while (rows.length < wanted.sessions) {
    // Every subject in turn, so that none is left without sessions.
    const turn = rows.length % (zones.length * perZone);
    const index = turn % zones.length;
    const zone = zones[index];
    const subject = subjects[index]?.all[Math.floor(turn / zones.length)];
    if (zone === undefined || subject === undefined) throw new RangeError("subject out of range");
    const ambient = random.next() < 0.35;
    const life = ambient ? ambientMs : perCallMs;
    const alive = random.next() < 0.26;
    const createdAt = now - 5_000 - Math.floor(random.next() * (alive ? life * 0.9 : days * dayMs - dayMs));
    const fate = random.next();
    if (subject === stolen && zone === stolenZone)
      add(zone, subject, false, now - dayMs - random.below(20 * dayMs), "active");
    else add(zone, subject, ambient, createdAt, fate < 0.12 ? "revoked" : fate < 0.14 && !alive ? "expired" : "active");
  }
  const agents: Row[] = [];
  const edges: Row[] = [];
  const withAgents = sessions.filter(
    (session, place) => session.status === "active" && session.expiresAt > now && (place < 3 || place % 4 === 0),
  );
  for (const session of withAgents) {
    const id = uuidV7(session.createdAt);
    const shared = {
      zone_id: session.zone.id,
      application_id: session.zone.applications[0] ?? "",
      session_sid: session.id,
      status: "active",
      ttl_seconds: null,
    };
    const at = new Date(session.createdAt);
    agents.push({ id, ...shared, parent_id: null, depth: 0, spawned_at: at, last_active_at: at });
    const child = uuidV7(session.createdAt + 1);
    agents.push({ id: child, ...shared, parent_id: id, depth: 1, spawned_at: at, last_active_at: at });
    edges.push({
      id: uuidV7(session.createdAt),
      zone_id: session.zone.id,
      source_session_id: id,
      target_session_id: child,
      resource_id: session.zone.resourceIds[0] ?? "",
      scopes: ["read"],
      status: "active",
      expires_at: new Date(session.expiresAt),
      created_at: at,
    });
  }
  return { sessions, rows, agents, edges, usersByZone };
}
