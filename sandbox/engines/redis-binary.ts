import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export type RedisBinary = { readonly command: string; readonly env: NodeJS.ProcessEnv };

const packages = [
  "redis-server",
  "redis-tools",
  "libjemalloc2",
  "liblzf1",
  "liblua5.1-0",
  "lua-cjson",
  "lua-bitop",
] as const;

const checkout = fileURLToPath(new URL("../../", import.meta.url));

function works(binary: RedisBinary): boolean {
  return spawnSync(binary.command, ["--version"], { env: binary.env, stdio: "ignore" }).status === 0;
}

function onPath(): RedisBinary | null {
  const found = ["redis-server", "valkey-server"].map((command) => ({ command, env: process.env })).find(works);
  return found ?? null;
}

/** The unpacked packages' server with their libraries in front. */
function unpacked(root: string): RedisBinary {
  const lib = join(root, "usr", "lib");
  const folders = existsSync(lib) ? readdirSync(lib).filter((name) => name.includes("-linux-")) : [];
  const libraries = [lib, ...folders.map((name) => join(lib, name))];
  return {
    command: join(root, "usr", "bin", "redis-server"),
    env: { ...process.env, LD_LIBRARY_PATH: libraries.join(":") },
  };
}

function writableCache(): string {
  const candidates = [join(checkout, ".cache"), join(homedir(), ".cache", "caracal-console")];
  for (const path of candidates) {
    try {
      mkdirSync(path, { recursive: true });
      rmSync(mkdtempSync(join(path, "try-")), { recursive: true });
      return path;
    } catch {
      // not ours to write: the next one
    }
  }
  return mkdtempSync(join(tmpdir(), "caracal-cache-"));
}

/** Packages of `names` and all they depend on that this system does not have, for a system as bare as can be. */
function missingDependencies(apt: readonly string[], work: string): string[] {
  const flags = ["recommends", "suggests", "conflicts", "breaks", "replaces", "enhances"].map((kind) => `--no-${kind}`);
  const tree = spawnSync("apt-cache", [...apt, "depends", "--recurse", ...flags, "redis-server"], {
    cwd: work,
    encoding: "utf8",
  });
  const names = (tree.stdout ?? "").split("\n").filter((line) => /^[a-z0-9]/.test(line));
  return names.filter((name) => {
    const state = spawnSync("dpkg", ["-s", name], { encoding: "utf8" });
    return !state.stdout?.includes("Status: install ok installed");
  });
}

/** Debian's packages, downloaded and unpacked into the cache folder: nothing is installed, no privilege is needed. */
function fromDebian(): RedisBinary | null {
  if (spawnSync("dpkg", ["--version"], { stdio: "ignore" }).status !== 0) return null;
  const cache = writableCache();
  const home = join(cache, `redis-${process.arch}`);
  if (works(unpacked(home))) return unpacked(home);

  const work = mkdtempSync(join(cache, "redis-download-"));
  const root = join(work, "root");
  const own = ["-o", `Dir::State::lists=${join(work, "lists")}`, "-o", `Dir::Cache=${join(work, "archives")}`];
  const quiet = ["-q", "-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=3"];
  const fetchAll = (options: readonly string[], names: readonly string[]) => {
    const fetched = spawnSync("apt-get", [...quiet, ...options, "download", ...names], { cwd: work, stdio: "ignore" });
    for (const file of readdirSync(work).filter((name) => name.endsWith(".deb"))) {
      spawnSync("dpkg", ["-x", file, root], { cwd: work, stdio: "ignore" });
      rmSync(join(work, file));
    }
    return fetched.status === 0 && works(unpacked(root));
  };
  const withFreshLists = () => {
    mkdirSync(join(work, "lists", "partial"), { recursive: true });
    mkdirSync(join(work, "archives", "archives", "partial"), { recursive: true });
    spawnSync("apt-get", [...quiet, ...own, "update"], { cwd: work, stdio: "ignore" });
    return fetchAll(own, packages) || fetchAll(own, missingDependencies(own, work));
  };
  try {
    mkdirSync(root);
    if (!fetchAll([], packages) && !withFreshLists()) return null;
    rmSync(home, { recursive: true, force: true });
    try {
      renameSync(root, home);
    } catch {
      // another process was quicker with the same packages
    }
    return works(unpacked(home)) ? unpacked(home) : null;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** redis-server or valkey-server from PATH, else Debian's packages unpacked into the cache folder; null when neither. */
export const findRedisBinary = (): RedisBinary | null => onPath() ?? fromDebian();
