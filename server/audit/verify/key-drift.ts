import { recoverContent } from "@/server/audit/verify/recover-content";
import { chainSeal, dataSignature, rebuiltData } from "@/server/audit/verify/seals";
import type { StoredRow } from "@/server/audit/verify/stored-row";

type Zone = { right: number; wrong: number; signed: number; readonly sample: StoredRow[] };
const sampled = 8;
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
 * alone cannot tell the two apart.
 */
export class KeyDrift {
  private readonly zones = new Map<string, Zone>();

  constructor(private readonly key: Buffer) {}

  private of(zoneId: string): Zone {
    const zone = this.zones.get(zoneId) ?? { right: 0, wrong: 0, signed: 0, sample: [] };
    this.zones.set(zoneId, zone);
    return zone;
  }

  /** Looks at a row's seal. */
  row(row: StoredRow): void {
    if (!row.chain_hmac) return;
    const zone = this.of(row.zone_id);
    if (chainSeal(this.key, row.content_sha256 ?? "", row.prev_content_sha256) === row.chain_hmac) zone.right += 1;
    else {
      zone.wrong += 1;
      if (zone.sample.length < sampled) zone.sample.push(row);
    }
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
    const { right, wrong, signed, sample } = this.of(zoneId);
    return right === 0 && signed === 0 && wrong === 1 && !sample.some((row) => signedWith(this.key, row));
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
        !zone.sample.some((row) => signedWith(this.key, row)),
    );
    return new Set(found.map(([zoneId]) => zoneId));
  }
}
