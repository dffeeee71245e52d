import { fileSize } from "@/components/incidents/file-size";
import type { ItemSummary, Scope, StoreName } from "@/server/evidence/vault/schemas";

const number = (value: number) => value.toLocaleString("en-US");

/** Which rows an item holds: "zone payments, 2026-11-23T02:00:00.000Z to now". */
export function scopeText({ zone, from, to, partition }: Pick<Scope, "zone" | "from" | "to" | "partition">): string {
  const whose = zone === null ? "Every zone" : `Zone ${zone.name}`;
  if (partition !== null) return `${whose}, partition ${partition}`;
  if (from === null && to === null) return `${whose}, from the beginning to now`;
  const minute = (at: string) => `${at.slice(0, 16).replace("T", " ")} UTC`;
  return `${whose}, ${from === null ? "the beginning" : minute(from)} to ${to === null ? "now" : minute(to)}`;
}

/** The state in a word: what was changed since counts more than how it ended. */
export const stateWord = ({ state, mismatches }: Pick<ItemSummary, "state" | "mismatches">): string =>
  mismatches > 0 && state !== "removed" ? "mismatch" : state;

export const stateTone = (item: Pick<ItemSummary, "state" | "mismatches">): "ok" | "strong" | "neutral" => {
  const word = stateWord(item);
  return word === "whole"
    ? "ok"
    : word === "queued" || word === "removed" || word === "cancelled"
      ? "neutral"
      : "strong";
};

/** How far it is, or how much it holds. */
export function amountText(item: ItemSummary): string {
  if (item.state === "queued") return "Waits for a worker.";
  const rows = `${number(item.rows)} ${item.rows === 1 ? "row" : "rows"} and entries`;
  if (item.state !== "running") return `${rows}, ${fileSize(item.bytes)} compressed`;
  const rate = item.bytesPerSecond === null ? "" : `, ${fileSize(item.bytesPerSecond)}/s`;
  return `${item.phase}: ${rows}, ${fileSize(item.plainBytes)} read${rate}`;
}

export const storeWords: Readonly<Record<StoreName, string>> = { folder: "Folder", s3: "Bucket" };
