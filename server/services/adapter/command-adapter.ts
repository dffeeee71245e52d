import type { AdapterKind, LogText, Place, RuntimeAdapter } from "@/server/services/adapter/adapter";
import type { Clean } from "@/server/services/adapter/clean-output";
import { type PlaceList, placeIn } from "@/server/services/adapter/places";
import { type CommandLimits, runCommand } from "@/server/services/adapter/run-command";
import { shellWord } from "@/server/playbooks/revoke-session/shell-quote";

export type CommandLine = { readonly program: string; readonly args: readonly string[] };

/** What a command-line runtime differs in: its fixed argument lists. */
export type CommandLines = {
  readonly kind: AdapterKind;
  readonly keepsFiles: boolean;
  readonly environment: Readonly<Record<string, string>>;
  logs(target: string, lines: number): CommandLine;
  restart(target: string): CommandLine;
  status(target: string): CommandLine;
  /** What to ask, and how the answer says that anything runs. */
  runs(target: string): { readonly line: CommandLine; saysSo(text: string): boolean };
};

export type AdapterParts = {
  readonly places: PlaceList;
  readonly replicas: readonly string[]; // every one that is configured
  readonly clean: Clean;
};

const kept = 256 * 1024;
const reading: CommandLimits = { timeoutMs: 10_000, keepBytes: kept, readBytes: 8 * 1024 * 1024 };
const restarting: CommandLimits = { timeoutMs: 90_000, keepBytes: kept, readBytes: Number.POSITIVE_INFINITY };

const shown = ({ program, args }: CommandLine): string =>
  [program, ...args].map((word) => (/^[\w./:=@-]+$/.test(word) ? word : shellWord(word))).join(" ");

/** A runtime that is reached by its command-line program. */
export function commandAdapter(lines: CommandLines, { places, replicas, clean }: AdapterParts): RuntimeAdapter {
  async function run({ program, args }: CommandLine, limits: CommandLimits): Promise<LogText> {
    try {
      const { text, cut } = await runCommand(program, args, limits, lines.environment);
      return clean.lines(text, cut);
    } catch (error) {
      throw clean.refusal(error);
    }
  }
  return {
    kind: lines.kind,
    acts: true,
    keepsFiles: lines.keepsFiles,
    placeOf: (replica) => placeIn(places, replicas, replica),
    logs: ({ target }, count) => run(lines.logs(target, count), reading),
    async runs({ target }) {
      const { line, saysSo } = lines.runs(target);
      return saysSo((await run(line, reading)).lines.join("\n"));
    },
    async restart({ target }) {
      await run(lines.restart(target), restarting);
    },
    commands: ({ target }: Place) => ({
      logs: shown(lines.logs(target, 200)),
      restart: shown(lines.restart(target)),
      status: shown(lines.status(target)),
    }),
  };
}
