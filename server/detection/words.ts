import type { ServiceKind, SignalAction } from "@/server/live/snapshot";

/** "1 entry", "1,204 entries". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
}

/** "8 s", "14 min", "3 h 20 min", "2 d 4 h": durations as the screens say them. */
export function spell(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return hours % 24 === 0 ? `${Math.floor(hours / 24)} d` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** "2026-11-23 20:22:54 UTC". */
export const utc = (at: number): string => `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;

export const streamPage = (stream: string): string => `/streams/${encodeURIComponent(stream)}`;

/** The playbook for a service that is away or degraded; "all" for every one at once. */
export const outagePlaybook = (service: ServiceKind | "all"): SignalAction => ({
  label: "Service playbook",
  href: `/playbooks/guided/new?playbook=service-outage&service=${service}`,
});
