export const hourMs = 3_600_000;

const shape = /^audit\/\d{4}\/\d{2}\/\d{2}\/(\d{4}-\d{2}-\d{2}T\d{2})\.parquet$/;

/** An hour as the export's names write it, `2026-11-23T20`; UTC. */
export const hourText = (hour: number): string => new Date(hour).toISOString().slice(0, 13);

/** The beginning of the hour that a moment lies in, Unix ms. */
export const hourOf = (moment: number): number => Math.floor(moment / hourMs) * hourMs;

/** The key of an hour's export (contract section 4): `audit/YYYY/MM/DD/YYYY-MM-DDTHH.parquet`, by the hour of ingested_at. */
export function keyOfHour(hour: number): string {
  const text = hourText(hour);
  return `audit/${text.slice(0, 10).replaceAll("-", "/")}/${text}.parquet`;
}

/** The hour that a key names, Unix ms; null when it is no key of an export. */
export function hourOfKey(key: string): number | null {
  const text = shape.exec(key)?.[1];
  if (text === undefined) return null;
  const hour = Date.parse(`${text}:00:00Z`);
  return Number.isNaN(hour) || keyOfHour(hour) !== key ? null : hour;
}
