import { curlLine, psqlLine, sqlText } from "@/server/playbooks/revoke-session/shell-quote";
import type { ChecklistItem } from "@/server/playbooks/schemas";

/** What a revocation of sessions does not reach (trap 20), as found when the blast radius was read. */
export type Outlives = {
  readonly applications: readonly { readonly id: string; readonly name: string }[];
  readonly grants: readonly {
    readonly id: string;
    readonly provider: string | null;
    readonly providerId: string | null;
  }[];
};
export type CheckRow = {
  readonly item: string;
  readonly doneBy: string;
  readonly doneAt: Date;
  readonly skippedReason: string | null;
};

/** Skipping this item with a reason finishes a run before its exposure has run out. */
export const remainingExposureItem = "remaining-exposure";

/** The manual steps that apply to this run, each with its exact call. Ids are stable over time. */
export function checklistFor(zoneId: string, outlives: Outlives, checks: readonly CheckRow[]): ChecklistItem[] {
  const item = (id: string, label: string, why: string, command: string | null): ChecklistItem => {
    const check = checks.find((row) => row.item === id);
    return {
      id,
      label,
      why,
      command,
      doneBy: check?.doneBy ?? null,
      doneAt: check?.doneAt.toISOString() ?? null,
      skippedReason: check?.skippedReason ?? null,
    };
  };
  const zone = encodeURIComponent(zoneId);
  const secrets = outlives.applications.map(({ id, name }) =>
    item(
      `application-secret:${id}`.slice(0, 60),
      `Replace the secret of application ${name}, or archive it`,
      "Whoever holds this secret mints again at once, whatever is revoked here. Archiving stops the application altogether.",
      [
        curlLine(
          "PATCH",
          `/v1/zones/${zone}/applications/${encodeURIComponent(id)}`,
          `{"client_secret":"'"$NEW_CLIENT_SECRET"'"}`,
        ),
        `# or stop it altogether: STS ignores an archived application`,
        psqlLine(
          `UPDATE applications SET archived_at = now() WHERE zone_id = ${sqlText(zoneId)} AND id = ${sqlText(id)} AND archived_at IS NULL`,
        ),
      ].join("\n"),
    ),
  );
  const tokens = outlives.grants.map((grant) =>
    item(
      `provider-token:${grant.id}`.slice(0, 60),
      `Revoke the token of grant ${grant.id} at ${grant.provider ?? grant.providerId ?? "its provider"}`,
      "STS hands provider tokens out as they are: they outlive every revocation here and end only at the provider.",
      [
        `# at ${grant.provider ?? grant.providerId ?? "the provider"}: revoke this subject's token in the provider's own console, then`,
        curlLine("DELETE", `/v1/zones/${zone}/grants/${encodeURIComponent(grant.id)}`, null),
      ].join("\n"),
    ),
  );
  return [
    ...secrets,
    ...tokens,
    item(
      remainingExposureItem,
      "Let the remaining exposure run out",
      "Open responses and per-call mandates end by themselves. To finish earlier, say why the rest is acceptable.",
      null,
    ),
  ];
}
