"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import type { IncidentEvent, IncidentRole } from "@/server/incidents/schemas";
import type { Severity } from "@/server/platform/severity";

/** What can be done to one incident. Each answers whether it was done; a refusal is said at once, in the server's words. */
export function useIncidentActs(incidentId: string) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const options = {
    onError: (error: unknown) => void toast.error(reasonOf(error)),
    onSettled: () => client.invalidateQueries({ queryKey: trpc.incidents.get.queryKey({ incidentId }) }),
  };
  const move = useMutation(trpc.incidents.move.mutationOptions(options));
  const severity = useMutation(trpc.incidents.changeSeverity.mutationOptions(options));
  const restrict = useMutation(trpc.incidents.restrict.mutationOptions(options));
  const role = useMutation(trpc.incidents.setRole.mutationOptions(options));
  const join = useMutation(trpc.incidents.addMember.mutationOptions(options));
  const leave = useMutation(trpc.incidents.removeMember.mutationOptions(options));
  const merge = useMutation(trpc.incidents.merge.mutationOptions(options));
  const link = useMutation(trpc.incidents.addLink.mutationOptions(options));
  const unlink = useMutation(trpc.incidents.removeLink.mutationOptions(options));
  const acknowledge = useMutation(trpc.incidents.acknowledge.mutationOptions(options));
  const done = (answer: Promise<unknown>): Promise<boolean> =>
    answer.then(
      () => true,
      () => false,
    );
  type Link = { readonly kind: "zone" | "service"; readonly ref: string };
  return {
    move: (event: IncidentEvent, reason: string) => done(move.mutateAsync({ incidentId, event, reason })),
    changeSeverity: (next: Severity, reason: string) =>
      done(severity.mutateAsync({ incidentId, severity: next, reason })),
    restrict: (restricted: boolean, reason: string) => done(restrict.mutateAsync({ incidentId, restricted, reason })),
    setRole: (name: IncidentRole, personId: string | null) =>
      done(role.mutateAsync({ incidentId, role: name, personId })),
    addMember: (personId: string) => done(join.mutateAsync({ incidentId, personId })),
    removeMember: (personId: string) => done(leave.mutateAsync({ incidentId, personId })),
    merge: (intoId: string, reason: string) => done(merge.mutateAsync({ incidentId, intoId, reason })),
    addLink: (next: Link) => done(link.mutateAsync({ incidentId, ...next })),
    removeLink: (next: Link) => done(unlink.mutateAsync({ incidentId, kind: next.kind, ref: next.ref })),
    acknowledge: (comment: string) => done(acknowledge.mutateAsync({ incidentId, comment })),
  };
}

export type IncidentActs = ReturnType<typeof useIncidentActs>;
