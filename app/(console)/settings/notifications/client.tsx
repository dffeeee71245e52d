"use client";

import { PageTitle } from "@/components/data-table/page-title";
import { usePerson } from "@/components/shell/shell-context";
import { mayCall } from "@/server/auth/policy";
import { Channels } from "./channels";
import { Deliveries } from "./deliveries";
import { Maintenance } from "./maintenance";
import { RulesPanel } from "./rules-panel";
import { WhoWouldBeTold } from "./who-would-be-told";

export function NotificationsClient() {
  const { roles } = usePerson();
  return (
    <>
      <PageTitle title="Notifications">
        Who is told of what, how fast it goes on to the next when nobody acknowledges, and what became of every message.
        A message carries severity, one line and a link; of a restricted incident only that there is one.
      </PageTitle>
      <RulesPanel mayEdit={mayCall("notifications.saveRules", roles)} />
      <WhoWouldBeTold />
      <Channels mayTest={mayCall("notifications.test", roles)} />
      <Maintenance mayPlan={mayCall("notifications.addMaintenance", roles)} />
      <Deliveries />
    </>
  );
}
