"use client";

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTRPCClient } from "@/components/live/trpc";
import { type AuditFilter, tailQuestion } from "./question-of";
import { noTail, type Tail, tailRelease, tailStep } from "./tail-model";

const everyMs = 2_000;
export const tailRows = 100;

/**
 * The newest events of a filter, looked for every two seconds while `on`: one bounded read of Postgres each. While `held` the picture stands
 * still and counts what waits.
 */
export function useTail(filter: AuditFilter, on: boolean, held: boolean) {
  const client = useTRPCClient();
  const { zone, type, decision, status, resource, set, version, policy, request, text } = filter;
  const key = [zone, type, decision, status, resource, set, version, policy, request, text];
  const query = useQuery({
    queryKey: ["audit tail", ...key],
    queryFn: ({ signal }) =>
      client.audit.search.query({ ...tailQuestion(filter, Date.now()), limit: tailRows }, { signal }),
    enabled: on,
    refetchInterval: everyMs,
    retry: false,
    gcTime: 0,
  });
  const [tail, setTail] = useState<Tail & { readonly of: typeof query.data; readonly key: string }>({
    ...noTail,
    of: undefined,
    key: "",
  });
  const asked = JSON.stringify(key);
  if (query.data !== undefined && query.data !== tail.of) {
    const before = tail.key === asked ? tail : noTail;
    const full = query.data.older !== null;
    setTail({ ...tailStep(before, query.data.rows, held && before.rows.length > 0, full), of: query.data, key: asked });
  } else if (!held && tail.waiting !== null) setTail({ ...tail, ...tailRelease(tail) });
  return { query, tail };
}
