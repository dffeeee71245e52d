import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DomainError } from "@/server/platform/errors";
import type { Place, RuntimeAdapter } from "@/server/services/adapter/adapter";
import { createClean } from "@/server/services/adapter/clean-output";
import { commandAdapter } from "@/server/services/adapter/command-adapter";
import { composeLines } from "@/server/services/adapter/compose";
import { kubernetesLines } from "@/server/services/adapter/kubernetes";
import { readPlaces } from "@/server/services/adapter/places";

export const replicas = ["sts-1", "sts-2", "gateway-1", "audit-1"];
const path = process.env.PATH;
let folder: string;
/** Where programs of the test lie. */
export const programFolder = (): string => folder;

/** A folder of the test's own at the head of PATH, and a secret in the environment that no child may see. */
export function beginPrograms(): void {
  folder = mkdtempSync(join(tmpdir(), "runtime-"));
  process.env.PATH = `${folder}:${path}`;
  process.env.STREAMS_HMAC_KEY = "ab".repeat(32); // whatever a child could inherit by mistake
}
export function endPrograms(): void {
  process.env.PATH = path;
  delete process.env.STREAMS_HMAC_KEY;
  rmSync(folder, { recursive: true, force: true });
}

/** A real program of that name: writes down its arguments and environment, then does what `script` says. */
export function program(name: string, script: string): void {
  const file = join(folder, name);
  const seen = join(folder, "seen");
  writeFileSync(
    file,
    `#!${process.execPath}\nrequire("node:fs").writeFileSync(${JSON.stringify(seen)}, JSON.stringify({ argv: process.argv.slice(2), env: process.env }));\n${script}\n`,
  );
  chmodSync(file, 0o755);
}
/** What the last program was given. */
export const seen = (): { argv: string[]; env: Record<string, string> } =>
  JSON.parse(readFileSync(join(folder, "seen"), "utf8"));

/** The parts of an adapter with this allow-list. */
export function places(kind: "compose" | "kubernetes", text: string) {
  const list = readPlaces(kind, text);
  if (typeof list === "string") throw new Error(list);
  return { places: list, replicas, clean: createClean(["the-console-s-own-token"]) };
}
/** Adapters as settings would make them. */
export const compose = (text = "sts-1=sts#1,sts-2=sts#2,gateway=gateway", host: string | null = null): RuntimeAdapter =>
  commandAdapter(composeLines({ file: "/srv/caracal.yml", project: "caracal", host }), places("compose", text));
export const kubernetes = (text = "sts=deployment/sts"): RuntimeAdapter =>
  commandAdapter(
    kubernetesLines({ kubeconfig: "/srv/kube", context: "prod", namespace: "auth", spoolOnVolume: false }),
    places("kubernetes", text),
  );
export const at = (adapter: RuntimeAdapter, replica: string): Place => {
  const place = adapter.placeOf(replica);
  if (place === null) throw new Error(`${replica} is not on the list`);
  return place;
};
export const failureOf = async (
  work: Promise<unknown>,
): Promise<{ failure: unknown; sentence: string; code: string }> => {
  try {
    await work;
  } catch (error) {
    if (error instanceof DomainError)
      return { failure: error.facts.failure, sentence: error.message, code: error.code };
    throw error;
  }
  throw new Error("it did not fail");
};
