import type { ComponentProps } from "react";
import { cn } from "@/components/lib/cn";

const tones = {
  neutral: "border-border text-muted-foreground bg-muted",
  accent: "border-accent/40 text-accent bg-accent-soft",
  ok: "border-ok/40 text-ok",
  strong: "border-foreground text-foreground",
} as const;

/** A short word of state. Severity has its own mark (severity-mark), never a badge. */
export function Badge({
  tone = "neutral",
  className,
  ...rest
}: ComponentProps<"span"> & { tone?: keyof typeof tones }) {
  return (
    <span
      className={cn(
        "inline-flex h-5 items-center gap-1 rounded-sm border px-1.5 text-xs whitespace-nowrap",
        tones[tone],
        className,
      )}
      {...rest}
    />
  );
}
