import { z } from "zod";
import { idText, pageInput, plainText } from "@/server/platform/page";

/** "live" is status active AND unexpired (trap 5); "expired" includes rows still marked active whose time is over. */
export const sessionStates = ["live", "revoked", "expired", "any"] as const;

export const listSessionsInput = z.object({
  zoneId: idText.optional(),
  subjectId: idText.optional(),
  state: z.enum(sessionStates).default("live"),
  ...pageInput(200, 50),
});
export type ListSessionsInput = z.infer<typeof listSessionsInput>;

export type SessionRow = {
  readonly id: string; // = the sid claim
  readonly zoneId: string;
  readonly type: string; // user | application
  readonly subjectId: string;
  readonly parentId: string | null;
  readonly status: string; // as stored
  readonly state: "live" | "revoked" | "expired"; // what it means now, by the database's clock
  readonly expiresAt: string; // ISO, UTC
  readonly authenticatedAt: string | null;
  readonly createdAt: string;
};

export const getSessionInput = z.object({ sessionId: idText });
export const zoneListInput = z.object({ search: plainText(100).optional(), ...pageInput(500, 100) });
export type ZoneRow = {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly archivedAt: string | null;
};
