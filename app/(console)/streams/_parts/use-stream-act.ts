"use client";

import { useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import type { ActAnswer } from "@/server/streams/acts/schemas";

/** Waits for an act on a stream, says what came of it, and has the pages of streams read again. Gives whether it was taken. */
export function useStreamAct(): (act: Promise<ActAnswer>) => Promise<boolean> {
  const trpc = useTRPC();
  const client = useQueryClient();
  return async (act) => {
    try {
      const { sentence, done } = await act;
      if (done) toast.success(sentence);
      else toast.warning(sentence);
      return true;
    } catch (error) {
      toast.error(reasonOf(error));
      return false;
    } finally {
      await client.invalidateQueries({ queryKey: trpc.streams.pathKey() });
    }
  };
}
