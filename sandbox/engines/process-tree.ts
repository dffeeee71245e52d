import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";

function parents(): Map<number, number> {
  const found = new Map<number, number>();
  if (!existsSync("/proc/self/stat")) {
    for (const line of execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" }).split("\n")) {
      const [pid, parent] = line.trim().split(/\s+/).map(Number);
      if (pid !== undefined && parent !== undefined) found.set(pid, parent);
    }
    return found;
  }
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const parent = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1];
      found.set(Number(name), Number(parent));
    } catch {
      // ended between the listing and the reading
    }
  }
  return found;
}

/** The process and everything below it, children after parents. */
export function processTree(root: number): number[] {
  const parentOf = parents();
  const tree = [root];
  for (const pid of tree) {
    for (const [child, parent] of parentOf) if (parent === pid) tree.push(child);
  }
  return tree;
}

/** Sends the signal to the process and everything below it; those that ended meanwhile are passed over. */
export function signalTree(root: number, signal: NodeJS.Signals): void {
  for (const pid of processTree(root)) {
    try {
      process.kill(pid, signal);
    } catch {
      // already gone
    }
  }
}
