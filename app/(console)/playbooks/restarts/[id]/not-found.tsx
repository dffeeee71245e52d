import Link from "next/link";

/** For an address that names no restart. */
export default function RestartNotFound() {
  return (
    <section className="flex flex-col gap-2">
      <h1>There is no such restart</h1>
      <p className="max-w-prose">
        Nothing that you may see was ordered under that id. What was executed stands with its request under{" "}
        <Link href="/approvals" className="text-accent underline underline-offset-2">
          Approvals
        </Link>
        .
      </p>
    </section>
  );
}
