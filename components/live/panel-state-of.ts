import { TRPCClientError } from "@trpc/client";
import type { ReactNode } from "react";
import type { PanelState } from "@/components/lib/panel";

type Asked = {
  readonly isPending: boolean;
  readonly isError: boolean;
  readonly error: unknown;
  readonly data: unknown;
  readonly dataUpdatedAt: number;
  readonly refetch: () => unknown;
};

/** The sentence of any failed call, as the server worded it. */
export function reasonOf(error: unknown): string {
  if (error instanceof TRPCClientError && error.data) return error.message;
  if (error instanceof TypeError || error instanceof TRPCClientError)
    return "The console's server does not answer. Check your connection; this page tries again by itself.";
  return error instanceof Error ? error.message : String(error);
}

/** One of the six panel states for a query. `empty` is the sentence for when it answered with nothing. */
export function panelStateOf(
  query: Asked,
  empty: { readonly when: boolean; readonly sentence: ReactNode },
): PanelState {
  const retry = () => void query.refetch();
  if (query.isError) {
    if (query.error instanceof TRPCClientError && query.error.data?.code === "FORBIDDEN")
      return { kind: "not-allowed", ask: query.error.message };
    if (query.data === undefined) return { kind: "failed", reason: reasonOf(query.error), retry };
    return { kind: "stale", okAt: query.dataUpdatedAt, reason: reasonOf(query.error) };
  }
  if (query.isPending) return { kind: "loading", rows: 5 };
  return empty.when ? { kind: "empty", sentence: empty.sentence } : { kind: "live" };
}
