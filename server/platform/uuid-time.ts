/** When a UUIDv7 was made, epoch ms; null: it is none. */
export const uuidTime = (id: string): number | null =>
  /^[\da-f]{8}-[\da-f]{4}-7/i.test(id) ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : null;
