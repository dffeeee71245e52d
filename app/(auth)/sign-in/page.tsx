import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { wordsOf } from "@/app/(auth)/words-of";
import { buttonStyle } from "@/components/ui/button";
import { signInByProvider, signInLocally } from "@/server/auth/actions";
import { safeCallback } from "@/server/auth/callback-url";
import { signInOptions } from "@/server/auth/sign-in-options";
import { currentActor } from "@/server/trpc/server-caller";

export const metadata: Metadata = { title: "Sign in" };
export const dynamic = "force-dynamic";

const sentences: Readonly<Record<string, string>> = {
  credentials: "The user name or the password is not right. Both are checked together, so this does not say which.",
  rate_limited: "Too many attempts from here. Wait five minutes, then try again.",
  unreachable: "The console's own database does not answer, so nobody can be checked. Try again in a moment.",
  provider: "The identity provider did not answer. Try again, or use a local account.",
};
const otherwise = "The sign-in did not complete. Try again, or use a local account; the console's log has the cause.";

const inputStyle =
  "h-9 w-full rounded-md border border-border bg-background px-2 text-sm text-foreground focus-visible:outline-2 focus-visible:outline-offset-1 focus-visible:outline-accent";

type Props = { searchParams: Promise<Record<string, string | string[] | undefined>> };

export default async function SignInPage({ searchParams }: Props) {
  const params = await searchParams;
  const callbackUrl = safeCallback(params.callbackUrl);
  const here = await currentActor();
  if (here.kind === "signed-in") redirect(callbackUrl);
  const { deployment, colour, provider } = signInOptions();
  const given = typeof params.error === "string" ? params.error : here.kind === "unreachable" ? "unreachable" : null;
  return (
    <>
      <p className="flex items-center gap-2 text-xs text-muted-foreground">
        <span aria-hidden="true" className="size-2.5 rounded-full" style={{ backgroundColor: colour }} />
        {deployment}
      </p>
      <h1 className="mt-1 text-base font-semibold">Sign in to the incident console</h1>
      {given === null ? null : (
        <p role="alert" className="mt-3 border-l-2 border-destructive pl-3 text-sm">
          {wordsOf(sentences, given, otherwise)}
        </p>
      )}
      {provider === null ? null : (
        <form action={signInByProvider} className="mt-4">
          <input type="hidden" name="callbackUrl" value={callbackUrl} />
          <button type="submit" className={buttonStyle("primary", "md", "h-9 w-full")}>
            Continue with {provider}
          </button>
          <p className="mt-4 text-xs text-muted-foreground">
            Or with a local account, for when the identity provider is part of the outage:
          </p>
        </form>
      )}
      <form action={signInLocally} className="mt-4 flex flex-col gap-3">
        <input type="hidden" name="callbackUrl" value={callbackUrl} />
        <div className="flex flex-col gap-1">
          <label htmlFor="username" className="text-xs font-medium">
            User name
          </label>
          <input
            id="username"
            name="username"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            required
            maxLength={200}
            className={inputStyle}
          />
        </div>
        <div className="flex flex-col gap-1">
          <label htmlFor="password" className="text-xs font-medium">
            Password
          </label>
          <input
            id="password"
            name="password"
            type="password"
            autoComplete="current-password"
            required
            maxLength={500}
            className={inputStyle}
          />
        </div>
        <button type="submit" className={buttonStyle(provider === null ? "primary" : "outline", "md", "mt-1 h-9")}>
          Sign in
        </button>
      </form>
    </>
  );
}
