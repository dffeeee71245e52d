import type { Deployment } from "@/server/caracal/deployment";
import type { Dispatcher } from "@/server/caracal/revocation/dispatch";
import type { Database } from "@/server/platform/postgres";
import type { GatewaySource } from "@/server/playbooks/gateway-source";

/** What looking at a run needs. */
export type ObserverContext = {
  readonly db: Database; // the console's
  readonly caracal: Deployment;
  readonly collector: GatewaySource;
};

/** What carrying out a round needs: also who holds the leases of its outbox rows. */
export type RoundContext = ObserverContext & { readonly dispatcher: Dispatcher };
