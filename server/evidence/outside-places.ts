import { appendLines } from "@/server/evidence/head-lines";
import { guardedRequest } from "@/server/notifications/guarded-request";
import type { Settings } from "@/server/platform/settings";

export type Place = "file" | "webhook";
/** Where outside the database something is kept, line by line. */
export type Outside = {
  readonly file: string | undefined;
  readonly webhook: string | undefined;
  readonly allowHosts: Settings["NOTIFY_ALLOW_HOSTS"];
};

/** Which places are set up. */
export const placesIn = ({ file, webhook }: Outside): readonly Place[] => [
  ...(file === undefined ? [] : (["file"] as const)),
  ...(webhook === undefined ? [] : (["webhook"] as const)),
];

/** Hands whole lines over; they are on the disk, or the receiver said that it has them, when it returns. @throws when it has not */
export async function deliverLines(place: Place, lines: readonly string[], outside: Outside): Promise<void> {
  if (place === "file") return appendLines(outside.file ?? "", lines);
  const answer = await guardedRequest({
    url: outside.webhook ?? "",
    headers: { "content-type": "application/x-ndjson" },
    body: `${lines.join("\n")}\n`,
    allowHosts: outside.allowHosts,
  });
  if (answer.status < 200 || answer.status > 299) throw new Error(`the receiver answered ${answer.status}`);
}
