import { recoverContent } from "@/server/audit/verify/recover-content";
import { chainSeal, dataSignature, rebuiltData } from "@/server/audit/verify/seals";
import { ingestedAt, type StoredRow } from "@/server/audit/verify/stored-row";

type Zone = { right: number; wrong: number; signed: number; ownSignature: boolean; readonly wrongIn: Span };

/** When rows were ingested, first and last, epoch ms. */
class Span {
  from = Number.POSITIVE_INFINITY;
  to = Number.NEGATIVE_INFINITY;

  add(at: number | null): void {
    if (at === null) return;
    this.from = Math.min(this.from, at);
    this.to = Math.max(this.to, at);
  }

  overlaps(other: Span): boolean {
    return this.from <= other.to && other.from <= this.to;
  }
}

/** What a seal is over, and the seal. */
export type Sealed = { readonly content: string; readonly prev: string | null; readonly seal: string };

/** Whether the signature at ingest is the key's: rebuilt from the row's own columns. */
function signedWith(key: Buffer, row: StoredRow): boolean {
  if (!row.ingest_signature) return false;
  const recovered = recoverContent(row);
  return (
    recovered.kind === "recovered" &&
    rebuiltData(row, recovered.json, recovered.nanoseconds).some(
      (data) => dataSignature(key, data) === row.ingest_signature,
    )
  );
}

/**
 * Whether every seal fails and nothing that the key signed verifies: then the key is another one, which is not an attack (trap 18).
 * One row alone cannot tell the two apart. Pure.
 */
export const isKeyDrift = (
  seals: { readonly right: number; readonly wrong: number },
  signaturesRight: number,
): boolean => seals.right === 0 && signaturesRight === 0 && seals.wrong >= 2;

/**
 * Tells another key from an attack (trap 18): every seal fails, and nothing that the key signed verifies, in a zone or in all. One row
 * alone cannot tell the two apart. There is one key at a time: a zone whose rows came while seals of this very key were made elsewhere
 * has no other key, whoever wrote over its seals.
 */
export class KeyDrift {
  private readonly zones = new Map<string, Zone>();
  private readonly rightIn = new Span();

  constructor(private readonly key: Buffer) {}

  private of(zoneId: string): Zone {
    const zone = this.zones.get(zoneId) ?? { right: 0, wrong: 0, signed: 0, ownSignature: false, wrongIn: new Span() };
    this.zones.set(zoneId, zone);
    return zone;
  }

  /** Looks at a row's seal; where it fails and none of the zone held so far, at its signature. */
  row(row: StoredRow): void {
    if (!row.chain_hmac) return;
    const zone = this.of(row.zone_id);
    if (chainSeal(this.key, row.content_sha256 ?? "", row.prev_content_sha256) === row.chain_hmac) {
      zone.right += 1;
      this.rightIn.add(ingestedAt(row));
      return;
    }
    zone.wrong += 1;
    zone.wrongIn.add(ingestedAt(row));
    if (zone.right === 0 && !zone.ownSignature) zone.ownSignature = signedWith(this.key, row);
  }

  /** When the first row of any zone was ingested whose seal is right, epoch ms: from then on the key was in use. Null: none is known. */
  sealedSince(): number | null {
    return Number.isFinite(this.rightIn.from) ? this.rightIn.from : null;
  }

  /** Rows of the zone that were not looked at as a sample. Gives whether one of their seals is right. */
  seals(zoneId: string, rows: readonly Sealed[]): boolean {
    const right = rows.some(({ content, prev, seal }) => chainSeal(this.key, content, prev) === seal);
    if (right) this.of(zoneId).right += 1;
    return right;
  }

  /** Whether one seal of the zone is known to be right. */
  holds(zoneId: string): boolean {
    return this.of(zoneId).right > 0;
  }

  /** A copy of the zone in the stream, whose signature is the key's. */
  signed(zoneId: string): void {
    this.of(zoneId).signed += 1;
  }

  /** Whether a zone's only seal fails and nothing else tells whose it is. */
  undecided(zoneId: string): boolean {
    const { right, wrong, signed, ownSignature } = this.of(zoneId);
    return right === 0 && signed === 0 && wrong === 1 && !ownSignature;
  }

  /** The zones whose seals were made with another key. */
  drifted(): ReadonlySet<string> {
    const all = [...this.zones.values()];
    const sum = (of: (zone: Zone) => number) => all.reduce((total, zone) => total + of(zone), 0);
    const total = { right: sum(({ right }) => right), wrong: sum(({ wrong }) => wrong) };
    const everywhere = isKeyDrift(
      total,
      sum(({ signed }) => signed),
    );
    const found = [...this.zones].filter(
      ([, zone]) =>
        (isKeyDrift(zone, zone.signed) || (everywhere && zone.wrong > 0)) &&
        !zone.ownSignature &&
        !zone.wrongIn.overlaps(this.rightIn),
    );
    return new Set(found.map(([zoneId]) => zoneId));
  }
}
