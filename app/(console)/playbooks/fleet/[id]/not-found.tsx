import Link from "next/link";

/** For an address that names no run. */
export default function FleetNotFound() {
  return (
    <section className="flex flex-col gap-2">
      <h1>There are no such runs</h1>
      <p className="max-w-prose">
        No approval that you may see started runs under that id. All runs stand under{" "}
        <Link href="/playbooks" className="text-accent underline underline-offset-2">
          Playbooks
        </Link>
        .
      </p>
    </section>
  );
}
