"use client";

import { useParams, useSearchParams } from "next/navigation";
import { SignedCopy } from "../../_event/signed-copy";

/** What the stream still has of an event whose row is not there. */
export function GoneEvent() {
  const { id } = useParams<{ id: string }>();
  const entry = useSearchParams().get("entry");
  const named = entry !== null && /^\d{1,20}-\d{1,20}$/.test(entry);
  return <SignedCopy eventId={decodeURIComponent(id)} entry={named ? entry : undefined} />;
}
