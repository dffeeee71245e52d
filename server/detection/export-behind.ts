import { postgresSource, type Facts, type Finding } from "@/server/detection/facts";
import { spell, utc } from "@/server/detection/words";

const tolerated = 3 * 3_600_000; // it lags up to two hours when all is well (contract section 4)

/** The hourly Parquet export stands still (P3). */
export function exportBehind(facts: Facts): readonly Finding[] {
  const hour = facts.exportedHour;
  if (hour === null || facts.now - hour <= tolerated) return [];
  return [
    {
      key: "export-behind",
      rule: "export-behind",
      severity: "P3",
      source: postgresSource,
      sentence: `Parquet export is ${spell(facts.now - hour)} behind: the last hour exported is ${utc(hour)}`,
      meaning:
        "The copy of the audit trail outside Postgres is not growing. See export_errors_total and which audit replica says is_export_leader; nothing is lost while the rows are in Postgres.",
      figures: [{ name: "last exported hour", value: utc(hour), source: "audit_export_watermark" }],
      action: null,
    },
  ];
}
