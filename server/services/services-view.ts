import type { z } from "zod";
import type { Deployment } from "@/server/caracal/deployment";
import type { Database } from "@/server/platform/postgres";
import type { RuntimeAdapter } from "@/server/services/adapter/adapter";
import { newestRestarts, restartingNow, restartView } from "@/server/services/restarts/restart-rows";
import { askShared, standingOf, stoppedShared } from "@/server/services/restarts/standing-now";
import { whyTwo } from "@/server/services/restarts/why-two";
import type { servicesInput, ServicesView } from "@/server/services/schemas";

type Context = {
  readonly db: Database;
  readonly caracal: Pick<Deployment, "replicas" | "coordinatorToken">;
  readonly adapter: RuntimeAdapter;
};

/** The replicas of one service or all as they answer right now, what may be done to each, and what came of the last restart. */
export async function viewServices({
  ctx: { db, caracal, adapter },
  input,
}: {
  ctx: Context;
  input: z.output<typeof servicesInput>;
}): Promise<ServicesView> {
  const wanted = caracal.replicas.filter(({ kind }) => input.kind == null || kind === input.kind);
  const ids = wanted.map(({ id }) => id);
  const [asked, restarts, restarting, open] = await Promise.all([
    askShared(caracal),
    newestRestarts(db, ids),
    restartingNow(db),
    db.query<{ replica: string; down_since: Date }>(
      "SELECT replica, down_since FROM replica_outages WHERE up_since IS NULL AND replica = ANY ($1)",
      [ids],
    ),
  ]);
  const standing = standingOf(asked, await stoppedShared(caracal, adapter, asked));
  return {
    adapter: adapter.kind,
    acts: adapter.acts,
    rows: asked
      .filter(({ address }) => ids.includes(address.id))
      .map(({ address, reading }) => {
        const place = adapter.placeOf(address.id);
        const restart = restarts.get(address.id);
        const health =
          reading.reachable && !reading.healthy ? `; /health: ${reading.healthReason ?? "not healthy"}` : "";
        return {
          replica: address.id,
          kind: address.kind,
          ready: reading.ready,
          says: `${reading.ready ? "ready" : (reading.readyReason ?? "not ready")}${health}`,
          downSince: open.find(({ replica }) => replica === address.id)?.down_since.toISOString() ?? null,
          target: place?.target ?? null,
          along: place?.replicas.filter((one) => one !== address.id) ?? [],
          needsTwo:
            place === null
              ? null
              : whyTwo({ place, all: caracal.replicas, standing, restarting, keepsFiles: adapter.keepsFiles }),
          commands: place === null ? null : adapter.commands(place),
          restart: restart === undefined ? null : restartView(restart),
        };
      }),
  };
}
