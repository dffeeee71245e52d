/** How a replica is called where it runs. From the settings' allow-list only: nothing that somebody typed becomes an argument. */
export type Place = {
  readonly target: string; // "sts", "sts#2", "deployment/sts"
  readonly replicas: readonly string[]; // those that a restart of it takes along: "sts-1"
};

/** Lines of a log as they may be shown: redacted, the newest of them, with whether older ones were left out. */
export type LogText = { readonly lines: readonly string[]; readonly cut: boolean };

/** The same by hand, to be copied. */
export type PlaceCommands = { readonly logs: string; readonly restart: string; readonly status: string };

export const adapterKinds = ["off", "manual", "compose", "kubernetes", "process"] as const;
export type AdapterKind = (typeof adapterKinds)[number];

/**
 * What runs Caracal's services, as this console may reach it. Every verb has a time limit and throws a `DomainError` whose
 * `facts.failure` says what went wrong and whose sentence says it to an operator. Nothing that it answers proves that a service runs:
 * probes do.
 */
export type RuntimeAdapter = {
  readonly kind: AdapterKind;
  /** True: it restarts and reads by itself. False: it only says which commands to run. */
  readonly acts: boolean;
  /** A restart leaves the files of the container in place: what waits in an STS's audit spool survives it (trap 17). */
  readonly keepsFiles: boolean;
  /** Where a replica runs; null: it is not on the allow-list. */
  placeOf(replica: string): Place | null;
  /** @throws not_configured, source_unreachable (missing program, no answer in time), precondition_failed (it refused) */
  logs(place: Place, lines: number): Promise<LogText>;
  /** @throws as logs; after a time-out it may have happened all the same */
  restart(place: Place): Promise<void>;
  /** Whether anything runs of exactly what `restart` would touch: when nothing does, a restart takes nothing away. @throws as logs */
  runs(place: Place): Promise<boolean>;
  commands(place: Place): PlaceCommands;
};
