import { type Settings, SettingsError, secretNames } from "@/server/platform/settings";
import type { RuntimeAdapter } from "@/server/services/adapter/adapter";
import { createClean } from "@/server/services/adapter/clean-output";
import { commandAdapter } from "@/server/services/adapter/command-adapter";
import { composeLines } from "@/server/services/adapter/compose";
import { kubernetesLines } from "@/server/services/adapter/kubernetes";
import { manualAdapter } from "@/server/services/adapter/manual";
import { readPlaces } from "@/server/services/adapter/places";
import { processAdapter } from "@/server/services/adapter/process";

/** The adapter that the settings name; without RUNTIME_ADAPTER one that allows nothing. Opens nothing. @throws SettingsError */
export function openAdapter(settings: Settings, replicas: readonly string[]): RuntimeAdapter {
  const kind = settings.RUNTIME_ADAPTER;
  const places = readPlaces(kind, settings.RUNTIME_SERVICES);
  if (typeof places === "string") throw new SettingsError([`RUNTIME_SERVICES ${places}.`]);
  const secrets = secretNames.map((name) => settings[name]).filter((value) => typeof value === "string");
  const parts = {
    places,
    replicas,
    clean: createClean(secrets),
  };
  const compose = {
    file: settings.RUNTIME_COMPOSE_FILE ?? null,
    project: settings.RUNTIME_COMPOSE_PROJECT ?? null,
    host: settings.RUNTIME_DOCKER_HOST ?? null,
  };
  // Without the project a container has no name, and what is left to restart would be the whole service.
  if (compose.project === null && [...places.values()].some((target) => target.includes("#")))
    throw new SettingsError([
      "RUNTIME_SERVICES names single containers (#): RUNTIME_COMPOSE_PROJECT is needed for them.",
    ]);
  switch (kind) {
    case "compose":
      return commandAdapter(composeLines(compose), parts);
    case "kubernetes":
      return commandAdapter(
        kubernetesLines({
          kubeconfig: settings.RUNTIME_KUBECONFIG ?? null,
          context: settings.RUNTIME_KUBE_CONTEXT ?? null,
          namespace: settings.RUNTIME_KUBE_NAMESPACE,
          spoolOnVolume: settings.RUNTIME_SPOOL_ON_VOLUME === "yes",
        }),
        parts,
      );
    case "process":
      if (settings.RUNTIME_PROCESS_URL === undefined || settings.RUNTIME_PROCESS_TOKEN === undefined)
        throw new SettingsError(["RUNTIME_ADAPTER=process needs RUNTIME_PROCESS_URL and RUNTIME_PROCESS_TOKEN."]);
      return processAdapter({ url: settings.RUNTIME_PROCESS_URL, token: settings.RUNTIME_PROCESS_TOKEN }, parts);
    default:
      return manualAdapter(kind, compose, parts);
  }
}
