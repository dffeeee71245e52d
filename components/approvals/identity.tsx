"use client";

import { usePathname, useSearchParams } from "next/navigation";
import { createContext, type ReactNode, useContext } from "react";
import { TimeStamp } from "@/components/lib/time-stamp";
import { buttonStyle } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import type { ApprovalView } from "@/server/approvals/schemas";

export type Identity = ApprovalView["reauthentication"];

/** Sends the browser to the identity provider, asks for a new sign-in there, and comes back to the form's callbackUrl. */
export type ByProvider = (form: FormData) => Promise<void>;
const ProviderContext = createContext<ByProvider | null>(null);

/** The layout hands its server action down here: components cannot import one. */
export function IdentityProvider({ byProvider, children }: { byProvider: ByProvider; children: ReactNode }) {
  return <ProviderContext value={byProvider}>{children}</ProviderContext>;
}

/** For a person of the identity provider whose last proof is too old: the way there and back, before anything is written. */
export function ProveByProvider({ identity }: { identity: Identity }) {
  const byProvider = useContext(ProviderContext);
  const pathname = usePathname();
  const search = useSearchParams().toString();
  if (identity.method !== "oidc") return null;
  if (identity.fresh)
    return (
      <p className="text-xs text-muted-foreground">
        You proved who you are
        {identity.until === null ? "" : ", which holds until "}
        {identity.until === null ? "" : <TimeStamp at={identity.until} show="time" />}.
      </p>
    );
  if (byProvider === null) throw new Error("IdentityProvider is missing above this component");
  return (
    <form action={byProvider} className="flex flex-col items-start gap-2">
      <input type="hidden" name="callbackUrl" value={search === "" ? pathname : `${pathname}?${search}`} />
      <p className="max-w-prose">
        Two-person acts want a fresh proof of who you are. You are taken to the identity provider and come back here.
      </p>
      <button type="submit" className={buttonStyle("primary", "md", "max-sm:h-11 max-sm:w-full")}>
        Prove who you are
      </button>
    </form>
  );
}

/** The password of a local account, asked for where the last proof is too old. */
export function PasswordField({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  return (
    <Field label="Your password" hint="Asked for again because two people have to be two people.">
      {(ids) => (
        <Input
          {...ids}
          type="password"
          autoComplete="current-password"
          maxLength={500}
          value={value}
          className="max-sm:h-11"
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}
