"use client";

import { useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";

/** Waits for an act on a service, says why it was refused, and has what services say read again. Gives whether it was taken. */
export function useServiceAct(): (act: Promise<unknown>) => Promise<boolean> {
  const trpc = useTRPC();
  const client = useQueryClient();
  return async (act) => {
    try {
      await act;
      return true;
    } catch (error) {
      toast.error(reasonOf(error));
      return false;
    } finally {
      await client.invalidateQueries(trpc.services.pathFilter());
    }
  };
}
