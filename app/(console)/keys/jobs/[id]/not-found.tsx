import Link from "next/link";

/** For an address that names no key job. */
export default function KeyJobNotFound() {
  return (
    <section className="flex flex-col gap-2">
      <h1>There is no such key job</h1>
      <p className="max-w-prose">
        No key job that you may see has that id. Those that there are stand under{" "}
        <Link href="/keys" className="text-accent underline underline-offset-2">
          Keys
        </Link>
        .
      </p>
    </section>
  );
}
