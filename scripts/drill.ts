import { z } from "zod";
import { readControlState } from "@/sandbox/supervisor/control-state";
import { drills } from "@/sandbox/supervisor/drills";

const answerSchema = z.object({ said: z.string().optional(), problem: z.string().optional() });

function list(): string {
  const width = Math.max(...Object.keys(drills).map((name) => name.length));
  return Object.entries(drills)
    .map(([name, drill]) => `  ${name.padEnd(width)}  ${drill.summary}`)
    .join("\n");
}

/** `npm run drill -- <name>`: breaks or mends the running demo. Gives the exit code. */
async function drill(name: string | undefined): Promise<number> {
  if (name === undefined) {
    console.log(`Drills for the running demo, npm run drill -- <name>:\n${list()}`);
    return 0;
  }
  if (drills[name] === undefined) {
    console.error(`There is no drill "${name}". There are:\n${list()}`);
    return 2;
  }
  const control = readControlState();
  if (control === null) {
    console.error("No demo runs from this checkout: start one with npm run demo, then run the drill beside it.");
    return 1;
  }
  try {
    const headers = { authorization: `Bearer ${control.token}` };
    const response = await fetch(`${control.url}/drills/${name}`, { method: "POST", headers });
    const { said, problem } = answerSchema.parse(await response.json());
    if (said !== undefined) console.log(`Done: ${name}. ${said}`);
    else console.error(`${name} did not work: ${problem}`);
    return said === undefined ? 1 : 0;
  } catch {
    console.error("The demo that was started from this checkout does not answer any more: start it again.");
    return 1;
  }
}

process.exitCode = await drill(process.argv[2]);
