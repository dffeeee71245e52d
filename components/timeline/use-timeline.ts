"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import {
  addNewer,
  addOlder,
  isBehind,
  type TimelineWindow,
  windowOf,
  withPin,
} from "@/components/timeline/window-model";
import type { EntryFamily, TimelinePage } from "@/server/timeline/schemas";

export type TimelineFilter = {
  readonly families: readonly EntryFamily[];
  readonly text: string;
  readonly pinnedOnly: boolean;
};
type Ask = { readonly before?: number; readonly after?: number; readonly limit?: number };
type Busy = "older" | "newer" | null;

export type Timeline = {
  readonly window: TimelineWindow | null; // null: the first page is on its way
  readonly trouble: string | null;
  readonly busy: Busy;
  readonly older: () => Promise<void>;
  readonly newer: () => Promise<void>;
  readonly again: () => void;
  readonly mark: (seq: number, pinned: boolean) => void;
};

/**
 * The part of an incident's timeline that is on screen. Starts at the newest, or around `anchor`; grows by itself when
 * `headSeq` says that there is more and the newest is on screen. One request at a time.
 */
export function useTimeline(
  incidentId: string,
  filter: TimelineFilter,
  anchor: number | null,
  headSeq: number,
): Timeline {
  const trpc = useTRPC();
  const client = useQueryClient();
  const [window, setWindow] = useState<TimelineWindow | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [busy, setBusy] = useState<Busy>(null);
  const turn = useRef(0); // an answer to an older question is dropped
  const inFlight = useRef(false);
  const tried = useRef(0);
  const families = filter.families.join();
  const { text, pinnedOnly } = filter;
  const ask = useCallback(
    (part: Ask): Promise<TimelinePage> =>
      client.fetchQuery(
        trpc.incidents.timeline.queryOptions(
          {
            incidentId,
            families: families === "" ? [] : (families.split(",") as EntryFamily[]),
            text,
            pinnedOnly,
            ...part,
          },
          { staleTime: 0, gcTime: 0 },
        ),
      ),
    [client, trpc, incidentId, families, text, pinnedOnly],
  );
  const begin = useCallback(async () => {
    turn.current += 1;
    const mine = turn.current;
    try {
      const first = windowOf(await ask(anchor === null ? {} : { before: anchor + 1, limit: 60 }));
      const whole = anchor !== null && first.newer !== null ? await ask({ after: first.newer, limit: 60 }) : null;
      if (turn.current !== mine) return;
      setWindow(whole === null ? first : addNewer(first, whole));
      setTrouble(null);
    } catch (error) {
      if (turn.current === mine) setTrouble(reasonOf(error));
    }
  }, [ask, anchor]);
  useEffect(() => {
    void begin();
  }, [begin]);

  const grow = useCallback(
    async (direction: "older" | "newer", from: number) => {
      if (inFlight.current) return;
      inFlight.current = true;
      setBusy(direction);
      const mine = turn.current;
      try {
        const page = await ask(direction === "older" ? { before: from } : { after: from });
        if (turn.current === mine)
          setWindow((held) =>
            held === null ? held : direction === "older" ? addOlder(held, page) : addNewer(held, page),
          );
        setTrouble(null);
      } catch (error) {
        setTrouble(reasonOf(error));
      } finally {
        inFlight.current = false;
        setBusy(null);
      }
    },
    [ask],
  );
  const behind = window !== null && isBehind(window, headSeq) ? window.head : null;
  useEffect(() => {
    if (behind === null || busy !== null || (trouble !== null && tried.current === headSeq)) return;
    tried.current = headSeq;
    void grow("newer", behind);
  }, [behind, busy, trouble, headSeq, grow]);

  return {
    window,
    trouble,
    busy,
    older: async () => {
      if (window?.older != null) await grow("older", window.older);
    },
    newer: async () => {
      if (window?.newer != null) await grow("newer", window.newer);
    },
    again: () => void begin(),
    mark: (seq, pinned) => setWindow((held) => (held === null ? held : withPin(held, seq, pinned))),
  };
}
