import Link from "next/link";
import { GoneEvent } from "./gone";

/** For an address that names no event. */
export default function EventNotFound() {
  return (
    <section className="flex flex-col gap-4">
      <h1>There is no such audit event</h1>
      <p className="max-w-prose">
        No event has this id at this time. Retention may have dropped it, the link may be damaged, or the row was
        removed: a{" "}
        <Link href="/audit/checks" className="text-accent underline underline-offset-2">
          check of the chain
        </Link>{" "}
        tells which.
      </p>
      <GoneEvent />
    </section>
  );
}
