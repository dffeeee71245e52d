import type { Metadata } from "next";
import { ActionTable } from "@/components/approvals/action-table";
import { PageTitle } from "@/components/data-table/page-title";
import { requireActor } from "@/server/trpc/server-caller";

export const metadata: Metadata = { title: "Actions as enforced" };

/** Every action on Caracal with who may do it and who has to agree: the table that the server enforces, not a copy. */
export default async function ActionsPage() {
  await requireActor("system.configuration");
  return (
    <>
      <PageTitle title="Actions as enforced">
        Every act of this console on Caracal, with who may do it and who has to agree. The server reads the same table.
        An act that no screen offers yet is under its rule already.
      </PageTitle>
      <ActionTable />
    </>
  );
}
