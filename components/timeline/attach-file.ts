/** What may be attached, said before a file is chosen; the server decides by content. */
export const attachLimits = {
  bytes: 10 * 1_024 * 1_024,
  accept: ".png,.jpg,.jpeg,.gif,.webp,.pdf,.txt,.log,.csv,.json,.jsonl,.md,.zip,.gz",
  words: "Up to 10 MB: pictures, PDF, text, logs, CSV, JSON, zip",
} as const;

/** Why a file cannot be attached, before it is sent; null when it can be tried. */
export function attachFault(file: { readonly name: string; readonly size: number }): string | null {
  if (file.size === 0) return `${file.name} is empty.`;
  if (file.size > attachLimits.bytes) return `${file.name} is larger than 10 MB.`;
  const dot = file.name.lastIndexOf(".");
  const ending = dot < 0 ? "" : file.name.slice(dot).toLowerCase();
  return attachLimits.accept.split(",").includes(ending) ? null : `${file.name} is of a kind that is not taken.`;
}

/** Sends one file. @throws Error with the server's sentence when it is refused */
export async function attachFile(incidentId: string, file: File): Promise<void> {
  const body = new FormData();
  body.set("file", file);
  const answer = await fetch(`/api/incidents/${incidentId}/files`, { method: "POST", body });
  if (answer.ok) return;
  const told: unknown = await answer.json().catch(() => null);
  const sentence =
    typeof told === "object" && told !== null && "error" in told && typeof told.error === "string" ? told.error : null;
  throw new Error(sentence ?? `${file.name} was refused (${answer.status}).`);
}
