import Link from "next/link";

export default function NotFound() {
  return (
    <section className="flex flex-col items-start gap-2">
      <h1>There is no such incident, or it is not open to you</h1>
      <p className="max-w-prose text-muted-foreground">
        A restricted incident is open to its responders, security and admin only. If you should see it, ask one of them
        to add you.
      </p>
      <Link href="/incidents" className="text-accent underline underline-offset-2">
        All incidents
      </Link>
    </section>
  );
}
