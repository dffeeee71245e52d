import Link from "next/link";

/** For an address that names no redrive. */
export default function RedriveNotFound() {
  return (
    <section className="flex flex-col gap-2">
      <h1>There is no such redrive</h1>
      <p className="max-w-prose">
        No list or redrive has that id, or it is not open to you. They stand with the dead letters of their stream,
        under{" "}
        <Link href="/streams" className="text-accent underline underline-offset-2">
          Streams
        </Link>
        .
      </p>
    </section>
  );
}
