/** The window that is looked at (ISO instants, `until` not part of it); no zone: every one. */
export type AskedWindow = { readonly since: string; readonly until: string; readonly zoneId?: string | undefined };
