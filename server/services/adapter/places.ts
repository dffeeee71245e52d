import type { AdapterKind, Place } from "@/server/services/adapter/adapter";

const compose = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}(#[1-9]\d{0,2})?$/;
const forms: Readonly<Record<AdapterKind, RegExp>> = {
  off: compose,
  manual: compose,
  compose,
  kubernetes: /^(deployment|statefulset)\/[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/,
  process: /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/,
};
const key = /^(sts|gateway|api|audit|coordinator)(-[1-9]\d{0,2})?$/;

/** Replicas or kinds of service with their targets, as RUNTIME_SERVICES holds them: "sts-1=sts#1,gateway=gateway". */
export type PlaceList = ReadonlyMap<string, string>;

/** The list; a text is what is wrong with it, without the value. Pure. */
export function readPlaces(kind: AdapterKind, text: string): PlaceList | string {
  const places = new Map<string, string>();
  for (const part of text.split(",").filter((one) => one.trim() !== "")) {
    const [name = "", target = "", ...rest] = part.trim().split("=");
    if (rest.length > 0 || !key.test(name))
      return "must be a list like sts-1=sts#1,gateway=gateway, by replica or by kind of service";
    if (!forms[kind].test(target))
      return kind === "kubernetes"
        ? "must name targets like deployment/sts or statefulset/sts"
        : "must name targets by letters, digits, dots, dashes and underscores";
    if (places.has(name)) return `names ${name} twice`;
    places.set(name, target);
  }
  return places;
}

/** Where a replica runs: by its own name, else by its kind. Every replica with the same target goes along in a restart. Pure. */
export function placeIn(places: PlaceList, all: readonly string[], replica: string): Place | null {
  const targetOf = (name: string) => places.get(name) ?? places.get(name.replace(/-\d+$/, "")) ?? null;
  const target = all.includes(replica) ? targetOf(replica) : null;
  return target === null ? null : { target, replicas: all.filter((one) => targetOf(one) === target) };
}
