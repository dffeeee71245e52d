"use client";

import Link from "next/link";
import { useRouter } from "next/navigation";
import { CopyText } from "@/components/lib/copy-text";
import { useRowKeys } from "@/components/data-table/use-row-keys";
import type { AuditDetail } from "@/server/audit/schemas";
import { EventBody } from "../../_event/event-body";

/** One audit event; Escape goes back to where one came from. */
export function EventClient({ event }: { event: AuditDetail }) {
  const router = useRouter();
  useRowKeys(() => router.back());
  return (
    <div className="flex flex-col gap-4">
      <header>
        <p className="text-xs text-muted-foreground">
          <Link href="/audit" className="underline underline-offset-2 hover:text-foreground">
            Audit
          </Link>
        </p>
        <h1>
          Event <CopyText text={event.id} what="event" whole />
        </h1>
      </header>
      <EventBody event={event} />
    </div>
  );
}
