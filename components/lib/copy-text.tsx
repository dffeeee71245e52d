import { cn } from "@/components/lib/cn";
import { CopyButton } from "@/components/lib/copy-button";
import { shortenMiddle } from "@/components/lib/shorten-middle";

/** An id in monospace, shortened in the middle, whole on hover and when copied. `whole` shows it uncut. */
export function CopyText({
  text,
  what = "id",
  whole = false,
  className,
}: {
  text: string;
  what?: string;
  whole?: boolean;
  className?: string;
}) {
  return (
    <span className={cn("inline-flex max-w-full items-center gap-0.5 align-bottom", className)}>
      <span title={text} className={cn("font-mono text-xs", whole ? "break-all" : "whitespace-nowrap")}>
        {whole ? text : shortenMiddle(text)}
      </span>
      <CopyButton text={text} what={`${what} ${shortenMiddle(text)}`} className="-my-1" />
    </span>
  );
}
