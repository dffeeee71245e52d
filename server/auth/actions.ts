"use server";

import { AuthError } from "next-auth";
import { redirect } from "next/navigation";
import { safeCallback } from "@/server/auth/callback-url";
import { signIn, signOut, SignInRefused } from "@/server/auth/next-auth";
import { log } from "@/server/platform/log";
import { messageOf } from "@/server/platform/errors";

function backToForm(why: string, callbackUrl: string): never {
  redirect(`/sign-in?${new URLSearchParams({ error: why, callbackUrl })}`);
}

/** Signs in with a local account and goes on to where the person was heading. Works as a plain form post. */
export async function signInLocally(form: FormData): Promise<void> {
  const callbackUrl = safeCallback(form.get("callbackUrl"));
  const given = { username: String(form.get("username") ?? ""), password: String(form.get("password") ?? "") };
  try {
    await signIn("local", { ...given, redirect: false });
  } catch (error) {
    if (error instanceof SignInRefused) backToForm(error.code, callbackUrl);
    if (!(error instanceof AuthError)) throw error;
    log.warn({ kind: error.name, reason: messageOf(error.cause ?? error) }, "local sign-in failed");
    backToForm("failed", callbackUrl);
  }
  redirect(callbackUrl);
}

/** Sends the browser to the identity provider. */
export async function signInByProvider(form: FormData): Promise<void> {
  const callbackUrl = safeCallback(form.get("callbackUrl"));
  try {
    await signIn("oidc", { redirectTo: callbackUrl });
  } catch (error) {
    if (!(error instanceof AuthError)) throw error; // Next's own redirect travels as an error
    backToForm("provider", callbackUrl);
  }
}

/** Sends somebody who is signed in to the identity provider once more, which must ask who they are, and back to their page. */
export async function reauthenticateByProvider(form: FormData): Promise<void> {
  const callbackUrl = safeCallback(form.get("callbackUrl"));
  try {
    await signIn("oidc", { redirectTo: callbackUrl }, { prompt: "login", max_age: "0" });
  } catch (error) {
    if (!(error instanceof AuthError)) throw error; // Next's own redirect travels as an error
    backToForm("provider", callbackUrl);
  }
}

/** Ends this sign-in on the server, then shows the sign-in page. */
export async function signOutHere(): Promise<void> {
  await signOut({ redirectTo: "/sign-in" });
}
