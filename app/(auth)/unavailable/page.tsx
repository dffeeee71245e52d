import type { Metadata } from "next";
import Link from "next/link";
import { redirect } from "next/navigation";
import { buttonStyle } from "@/components/ui/button";
import { safeCallback } from "@/server/auth/callback-url";
import { currentActor } from "@/server/trpc/server-caller";

export const metadata: Metadata = { title: "The console's database is away" };
export const dynamic = "force-dynamic";

type Props = { searchParams: Promise<{ callbackUrl?: string | string[] }> };

/** Shown while the console cannot check anybody; looks again by itself, with or without scripts. */
export default async function UnavailablePage({ searchParams }: Props) {
  const callbackUrl = safeCallback((await searchParams).callbackUrl);
  if ((await currentActor()).kind !== "unreachable") redirect(callbackUrl);
  return (
    <>
      <meta httpEquiv="refresh" content="5" />
      <h1 className="text-base font-semibold">The console's own database does not answer</h1>
      <p className="mt-2 text-sm">
        It keeps who is signed in and what was done, so no page can be shown until it is back. Caracal itself is not
        touched by this. This page looks again every five seconds and then takes you where you were going.
      </p>
      <p className="mt-2 text-sm text-muted-foreground">
        Check the server of CONSOLE_DATABASE_URL, or run the doctor command on the console's host.
      </p>
      <Link href={callbackUrl} className={buttonStyle("outline", "md", "mt-4")}>
        Try now
      </Link>
    </>
  );
}
