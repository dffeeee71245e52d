/** Who and what a replayed mandate was about, as the gateway reports it in `replay_detected` (trap 11). */
export type ReplayedMandate = {
  readonly jti: string | null;
  readonly client: string | null;
  readonly resource: string | null;
  readonly subject: string | null; // fingerprint
  readonly requestId: string | null;
};

const textOf = (value: unknown): string | null =>
  typeof value === "string" && value !== "" && !value.includes("\0") ? value.slice(0, 200) : null;

/** The mandate of a `replay_detected` event; null for every other event. Pure. */
export function replayedMandate(event: Readonly<Record<string, unknown>>): ReplayedMandate | null {
  if (event.event_type !== "replay_detected") return null;
  const metadata = (event.metadata_json ?? {}) as Readonly<Record<string, unknown>>;
  return {
    jti: textOf(metadata.jti),
    client: textOf(metadata.client_id),
    resource: textOf(metadata.resource),
    subject: textOf(metadata.subject_fp),
    requestId: textOf(metadata.request_id) ?? textOf(event.request_id),
  };
}
