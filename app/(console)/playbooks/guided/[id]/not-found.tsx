import Link from "next/link";

/** For an address that names no run. */
export default function GuidedRunNotFound() {
  return (
    <section className="flex flex-col gap-2">
      <h1>There is no such run</h1>
      <p className="max-w-prose">
        No run that you may see has that id. All runs stand under{" "}
        <Link href="/playbooks" className="text-accent underline underline-offset-2">
          Playbooks
        </Link>
        .
      </p>
    </section>
  );
}
