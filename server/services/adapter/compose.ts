import type { CommandLines } from "@/server/services/adapter/command-adapter";

export type ComposeSettings = {
  readonly file: string | null;
  readonly project: string | null;
  readonly host: string | null; // DOCKER_HOST
};

/**
 * Docker's compose: a target is a service, or with `#2` one container of it. Its restart of a whole service takes every container at
 * once; one container goes by its name, which compose makes of project, service and number. Restarting keeps the container's files.
 */
export function composeLines({ file, project, host }: ComposeSettings): CommandLines {
  const base = [
    "compose",
    ...(file === null ? [] : ["--file", file]),
    ...(project === null ? [] : ["--project-name", project]),
  ];
  const parts = (target: string): [service: string, index: string | null] => {
    const [service = "", index = null] = target.split("#");
    return [service, index];
  };
  const docker = (...args: string[]) => ({ program: "docker", args });
  return {
    kind: "compose",
    keepsFiles: true,
    environment: host === null ? {} : { DOCKER_HOST: host },
    logs(target, lines) {
      const [service, index] = parts(target);
      const one = index === null ? [] : ["--index", index];
      return docker(...base, "logs", "--no-color", "--timestamps", "--tail", String(lines), ...one, "--", service);
    },
    restart(target) {
      const [service, index] = parts(target);
      if (index === null) return docker(...base, "restart", "-t", "20", "--", service);
      return docker("container", "restart", "-t", "20", "--", `${project ?? ""}-${service}-${index}`);
    },
    status: (target) => docker(...base, "ps", "--all", "--", parts(target)[0]),
    runs(target) {
      const [service, index] = parts(target);
      // Ids of what is running, paused or restarting by itself; nothing of what was created, has exited or is dead.
      const line =
        index === null
          ? docker(...base, "ps", "--quiet", "--", service)
          : docker("container", "ls", "--quiet", "--filter", `name=^/${project ?? ""}-${service}-${index}$`);
      return { line, saysSo: (text) => text.trim() !== "" };
    },
  };
}
