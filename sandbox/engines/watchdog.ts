import { spawn, type ChildProcess } from "node:child_process";

/**
 * Reads "pid N", "gone N", "folder PATH" and "removed PATH" until its input ends, which happens when the process that
 * started it ends in whatever way, kill -9 included. Then it ends every process still named (TERM, after two seconds
 * KILL) and removes every folder still named.
 */
const script = `
trap '' INT TERM HUP
pids=" "; folders=" "
while read -r kind value; do
  case "$kind" in
    pid) pids="$pids$value ";;
    gone) pids=$(printf '%s' "$pids" | sed "s| $value | |");;
    folder) folders="$folders$value ";;
    removed) folders=$(printf '%s' "$folders" | sed "s| $value | |");;
  esac
done
for pid in $pids; do kill -TERM "$pid" 2>/dev/null; kill -CONT "$pid" 2>/dev/null; done
round=0
while [ $round -lt 20 ]; do
  alive=""
  for pid in $pids; do kill -0 "$pid" 2>/dev/null && alive="$alive $pid"; done
  [ -z "$alive" ] && break
  sleep 0.1; round=$((round + 1))
done
for pid in $alive; do kill -KILL "$pid" 2>/dev/null; done
for folder in $folders; do rm -rf "$folder"; done
`;

let watchdog: ChildProcess | undefined;

function tell(line: string): void {
  if (watchdog === undefined) {
    watchdog = spawn("sh", ["-c", script], { stdio: ["pipe", "ignore", "ignore"], detached: true, cwd: "/" });
    watchdog.unref();
    const input = watchdog.stdin;
    if (input !== null && "unref" in input && typeof input.unref === "function") input.unref();
    input?.on("error", () => undefined);
  }
  watchdog.stdin?.write(`${line}\n`);
}

/** From now on the process is ended when this one is gone. */
export const watchProcess = (pid: number): void => tell(`pid ${pid}`);
/** The process has ended by itself: its number may belong to somebody else soon. */
export const forgetProcess = (pid: number): void => tell(`gone ${pid}`);
/** From now on the folder (no spaces in its path) is removed when this process is gone. */
export const watchFolder = (path: string): void => tell(`folder ${path}`);
export const forgetFolder = (path: string): void => tell(`removed ${path}`);
