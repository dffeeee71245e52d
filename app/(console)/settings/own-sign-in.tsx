"use client";

import { useMutation } from "@tanstack/react-query";
import { toast } from "sonner";
import { Panel } from "@/components/lib/panel";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { ConfirmAct } from "@/components/wizard/confirm-act";
import { Fact, Facts } from "@/components/wizard/facts";

/** Who is signed in here, with which roles, and the way to end all of one's own sign-ins at once. */
export function OwnSignIn() {
  const trpc = useTRPC();
  const person = usePerson();
  const everywhere = useMutation(
    trpc.system.signOutEverywhere.mutationOptions({
      onSuccess: () => window.location.assign("/sign-in"),
      onError: (error) => void toast.error(reasonOf(error)),
    }),
  );
  return (
    <Panel title="You">
      <div className="flex flex-col items-start gap-3 px-3 py-3">
        <Facts>
          <Fact name="Name">{person.name}</Fact>
          <Fact name="Roles">{person.roles.join(", ") || "none: ask an admin"}</Fact>
        </Facts>
        <ConfirmAct
          label="Sign out everywhere"
          title="Sign out everywhere?"
          confirm="Yes, sign out everywhere"
          disabled={everywhere.isPending}
          onConfirm={() =>
            everywhere.mutateAsync().then(
              () => true,
              () => false,
            )
          }
        >
          <p>Every sign-in of yours ends at once, on every device, this one included.</p>
        </ConfirmAct>
      </div>
    </Panel>
  );
}
