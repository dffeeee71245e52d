"use client";

import { PageTitle } from "@/components/data-table/page-title";
import { usePerson } from "@/components/shell/shell-context";
import { mayCall } from "@/server/auth/policy";
import { Configuration } from "./configuration";
import { OwnSignIn } from "./own-sign-in";
import { PolicyTable } from "./policy-table";
import { SettingList } from "./setting-list";
import { Severities } from "./severities";
import { SignIns } from "./sign-ins";

export function SettingsClient() {
  const { roles } = usePerson();
  return (
    <div className="flex flex-col gap-4">
      <PageTitle title="Settings">
        Settings come from the console's environment and are read once, when it starts. Nothing can be changed here, and
        no value is shown.
      </PageTitle>
      <OwnSignIn />
      <Configuration />
      <SettingList />
      <PolicyTable held={roles} />
      <Severities />
      <SignIns allowed={mayCall("system.signIns", roles)} />
    </div>
  );
}
