"use client";

import { Circle, PenLine } from "lucide-react";
import { ConfirmWithIdentity } from "@/components/approvals/confirm-with-identity";
import { ProveByProvider } from "@/components/approvals/identity";
import { CopyText } from "@/components/lib/copy-text";
import { TimeStamp } from "@/components/lib/time-stamp";
import type { GuidedSigning, SignerRole } from "@/server/playbooks/guided/schemas";

/** Who signs a step: who has, who is waited for, and the button for whoever may. */
export function Signing({
  signing,
  open,
  sign,
}: {
  signing: GuidedSigning;
  open: boolean;
  sign: (role: SignerRole, comment: string) => Promise<unknown>;
}) {
  const { reauthentication } = signing;
  const mine = open ? signing.roles.filter(({ whyNot }) => whyNot === null) : [];
  return (
    <div className="flex flex-col gap-2">
      <ul className="flex flex-col gap-1" aria-label="Signatures">
        {signing.roles.map(({ role, signed, whyNot }) => (
          <li key={role} className="flex gap-2">
            {signed === null ? (
              <Circle aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-muted-foreground" />
            ) : (
              <PenLine aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
            )}
            <span className="min-w-0">
              {signed === null ? (
                <>
                  {role}: not signed yet. <span className="text-muted-foreground">{open ? whyNot : ""}</span>
                </>
              ) : (
                <>
                  {role}: signed by {signed.by}: {signed.comment} <TimeStamp at={signed.at} />
                </>
              )}
            </span>
          </li>
        ))}
      </ul>
      {open ? (
        <p className="text-muted-foreground">
          Signed is everything that was settled so far, by its SHA-256{" "}
          <CopyText text={signing.digest} what="digest of what is signed" />
        </p>
      ) : null}
      {mine.length === 0 || reauthentication === null ? null : <ProveByProvider identity={reauthentication} />}
      <div className="flex flex-wrap gap-2">
        {mine.map(({ role }) => (
          <ConfirmWithIdentity
            key={role}
            label={`Sign for ${role}`}
            variant="primary"
            title={`Sign for ${role}?`}
            confirm="Sign in my name"
            comment={{ label: "What you looked at", least: 4 }}
            identity={reauthentication}
            disabled={reauthentication?.method === "oidc" && !reauthentication.fresh}
            onConfirm={(comment) => sign(role, comment)}
          >
            <p>
              You say that you have looked at what was found, preserved, compared and judged, and agree. It goes on the
              incident's record with your name and cannot be taken back.
            </p>
          </ConfirmWithIdentity>
        ))}
      </div>
    </div>
  );
}
