import type { Metadata } from "next";
import Link from "next/link";
import { wordsOf } from "@/app/(auth)/words-of";
import { buttonStyle } from "@/components/ui/button";
import { signOutHere } from "@/server/auth/actions";

export const metadata: Metadata = { title: "Not allowed" };

const missingRole =
  "Your roles do not open this page. Ask somebody who holds the role, or an admin; Settings lists who may do what.";
const sentences: Readonly<Record<string, string>> = {
  "no-role":
    "Your identity provider knows you, but none of your groups gives you a role in this console. Ask an admin of the console to map one of your groups (AUTH_OIDC_ROLE_MAP), or the owner of the group to add you.",
  deactivated: "This account has been deactivated. Ask an admin of the console.",
};

type Props = { searchParams: Promise<{ why?: string | string[] }> };

export default async function ForbiddenPage({ searchParams }: Props) {
  const { why } = await searchParams;
  return (
    <>
      <h1 className="text-base font-semibold">Not allowed</h1>
      <p className="mt-2 text-sm">{wordsOf(sentences, why, missingRole)}</p>
      <div className="mt-4 flex flex-wrap gap-2">
        <Link href="/" className={buttonStyle("outline")}>
          Back to Now
        </Link>
        <form action={signOutHere}>
          <button type="submit" className={buttonStyle("outline")}>
            Sign in as somebody else
          </button>
        </form>
      </div>
    </>
  );
}
