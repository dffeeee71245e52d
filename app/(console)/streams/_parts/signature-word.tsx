import { YesNo } from "@/components/lib/yes-no";
import type { StreamEntry } from "@/server/streams/schemas";

const words: Readonly<Record<StreamEntry["signature"], { word: string; title: string; strong: boolean }>> = {
  valid: {
    word: "valid",
    title: "The signature was made with STREAMS_HMAC_KEY over these very fields.",
    strong: false,
  },
  invalid: { word: "wrong", title: "Consumers that hold the key acknowledge this entry and drop it.", strong: true },
  missing: {
    word: "missing",
    title: "Consumers that hold the key acknowledge this entry and drop it.",
    strong: true,
  },
  "not-signed-stream": { word: "not signed", title: "Entries of this stream carry no _sig.", strong: false },
  "no-key": {
    word: "not checked",
    title: "STREAMS_HMAC_KEY is not set, so the signature cannot be checked.",
    strong: false,
  },
};

/** Whether consumers will take the entry, in words. */
export function SignatureWord({ signature }: { signature: StreamEntry["signature"] }) {
  const { word, title, strong } = words[signature];
  return (
    <span
      title={title}
      className={strong ? "font-semibold whitespace-nowrap" : "whitespace-nowrap text-muted-foreground"}
    >
      {signature === "valid" || strong ? <YesNo yes={!strong} /> : null}
      {word}
      {strong ? <span className="block text-xs font-normal">will be dropped</span> : null}
    </span>
  );
}
