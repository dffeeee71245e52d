import { z } from "zod";
import type { Role } from "@/server/auth/roles";

export const exportFormats = ["markdown", "json", "html", "bundle"] as const;
export type ExportFormat = (typeof exportFormats)[number];
export const exportProfiles = ["full", "shared"] as const;
export type ExportProfile = (typeof exportProfiles)[number];

/** Everybody who sees an incident may take its shared profile; the full one, with names and addresses, needs one of these. */
export const fullProfileRoles: readonly Role[] = ["responder", "security", "compliance", "admin"];

export const exportInput = z.object({
  incidentId: z.uuid(),
  format: z.enum(exportFormats),
  profile: z.enum(exportProfiles).default("shared"),
});
