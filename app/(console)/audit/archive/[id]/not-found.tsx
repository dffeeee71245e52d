import Link from "next/link";

/** For an address that names no comparison. */
export default function ComparisonNotFound() {
  return (
    <section className="flex flex-col gap-2">
      <h1>There is no such comparison</h1>
      <p className="max-w-prose">
        No comparison has that id. All of them stand under{" "}
        <Link href="/audit/archive" className="text-accent underline underline-offset-2">
          Comparison with the archive
        </Link>
        .
      </p>
    </section>
  );
}
