import Link from "next/link";

/** For an address that names no request, or one of an incident that the viewer is not part of. */
export default function ApprovalNotFound() {
  return (
    <section className="flex flex-col gap-2">
      <h1>There is no such request</h1>
      <p className="max-w-prose">
        No request that you may see has that id. It may have been cut while it was copied, or it belongs to a restricted
        incident. All requests are listed under{" "}
        <Link href="/approvals" className="text-accent underline underline-offset-2">
          Approvals
        </Link>
        .
      </p>
    </section>
  );
}
