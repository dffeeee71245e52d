import Link from "next/link";

/** For an address that names no run. */
export default function CheckNotFound() {
  return (
    <section className="flex flex-col gap-2">
      <h1>There is no such check</h1>
      <p className="max-w-prose">
        No check has that id. All of them stand under{" "}
        <Link href="/audit/checks" className="text-accent underline underline-offset-2">
          Checks
        </Link>
        .
      </p>
    </section>
  );
}
