import Link from "next/link";

/** For an address that names no item that is open to the viewer. */
export default function ItemNotFound() {
  return (
    <section className="flex flex-col gap-2">
      <h1>There is no such item</h1>
      <p className="max-w-prose">
        Nothing in the vault has that id, or it is not open to you. All of it stands under{" "}
        <Link href="/evidence" className="text-accent underline underline-offset-2">
          Evidence
        </Link>
        .
      </p>
    </section>
  );
}
