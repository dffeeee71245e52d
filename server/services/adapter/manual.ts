import { DomainError } from "@/server/platform/errors";
import type { RuntimeAdapter } from "@/server/services/adapter/adapter";
import { type ComposeSettings, composeLines } from "@/server/services/adapter/compose";
import { commandAdapter, type AdapterParts } from "@/server/services/adapter/command-adapter";

const byHand = () =>
  new DomainError(
    "not_configured",
    "The console is not set up to reach what runs the services: run the command yourself, and confirm it here.",
    { failure: "by-hand" },
  );

/**
 * Does nothing by itself: shows the commands, as compose takes them, and leaves it to a person who confirms in their name. `off` allows no
 * replica at all.
 */
export function manualAdapter(kind: "manual" | "off", compose: ComposeSettings, parts: AdapterParts): RuntimeAdapter {
  const words = commandAdapter(composeLines(compose), parts);
  return {
    kind,
    acts: false,
    keepsFiles: true,
    placeOf: (replica) => (kind === "off" ? null : words.placeOf(replica)),
    logs: () => Promise.reject(byHand()),
    runs: () => Promise.reject(byHand()),
    restart: () => Promise.reject(byHand()),
    commands: words.commands,
  };
}
