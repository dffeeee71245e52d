import Link from "next/link";

/** For an address that names no freeze. */
export default function FreezeNotFound() {
  return (
    <section className="flex flex-col gap-2">
      <h1>There is no such freeze</h1>
      <p className="max-w-prose">
        No freeze that you may see has that id. It may have been cut while it was copied. All freezes are listed under{" "}
        <Link href="/brakes" className="text-accent underline underline-offset-2">
          Brakes
        </Link>
        .
      </p>
    </section>
  );
}
