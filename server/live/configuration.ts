import { procedurePolicy } from "@/server/auth/policy";
import type { Role } from "@/server/auth/roles";
import type { Deployment } from "@/server/caracal/deployment";
import type { Snapshot } from "@/server/live/snapshot";
import { keyNames, secretNames, settingNames, type Settings } from "@/server/platform/settings";

export type Configuration = {
  readonly deployment: string;
  readonly release: string | null;
  readonly settings: readonly {
    readonly name: string;
    readonly set: boolean;
    readonly secret: boolean;
    readonly count: number | null;
  }[];
  readonly capabilities: readonly { readonly name: string; readonly able: boolean; readonly why: string }[];
  readonly policy: Readonly<Record<string, readonly Role[]>>;
};

type Input = {
  settings: Settings;
  caracal: Pick<Deployment, "streamsKey">;
  snapshot: Pick<Snapshot, "release" | "deployment">;
};

/** Which settings are set (never their values), what that lets this console do, and who may do what. */
export function describeConfiguration({ settings, caracal, snapshot }: Input): Configuration {
  const secrets = new Set<string>([...secretNames, ...keyNames]);
  const audits = settings.CARACAL_AUDIT_URLS.length > 0;
  const fast = caracal.streamsKey !== null;
  return {
    deployment: snapshot.deployment,
    release: snapshot.release,
    settings: settingNames.map((name) => {
      const value = settings[name];
      return {
        name,
        set: Array.isArray(value) ? value.length > 0 : value !== undefined && value !== "",
        secret: secrets.has(name),
        count: Array.isArray(value) ? value.length : null,
      };
    }),
    capabilities: [
      {
        name: "Publish revocations by the fast lane, and check signatures",
        able: fast,
        why: fast
          ? "STREAMS_HMAC_KEY is set."
          : "STREAMS_HMAC_KEY is not set: the API's lane is used, 128 events a second.",
      },
      {
        name: "See the audit chain as Caracal's sweep counts it",
        able: audits,
        why: audits ? "CARACAL_AUDIT_URLS is set." : "CARACAL_AUDIT_URLS is not set.",
      },
      {
        name: "Tell which KEK opens what, rotate and re-encrypt",
        able: settings.ZONE_KEK !== undefined || settings.ZONE_KEK_FILE !== undefined,
        why:
          settings.ZONE_KEK !== undefined || settings.ZONE_KEK_FILE !== undefined
            ? "A KEK is configured; the Keys page says whether it can be used."
            : "Neither ZONE_KEK nor ZONE_KEK_FILE is set.",
      },
      {
        name: "Read the coordinator's metrics",
        able: settings.CARACAL_COORDINATOR_TOKEN !== undefined,
        why:
          settings.CARACAL_COORDINATOR_TOKEN === undefined
            ? "CARACAL_COORDINATOR_TOKEN is not set."
            : "CARACAL_COORDINATOR_TOKEN is set.",
      },
    ],
    policy: procedurePolicy,
  };
}
