/** The six roles. A person may hold several. */
export const roles = ["viewer", "responder", "approver", "security", "compliance", "admin"] as const;
export type Role = (typeof roles)[number];

/**
 * Who acts: `id` is the immutable subject id (never the e-mail or name, which can change). `address` and `requestId` say from
 * where and in which request, for the record; absent when nobody's request is behind it.
 */
export type Actor = {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly Role[];
  readonly address?: string | null;
  readonly requestId?: string;
};
