import { CopyButton } from "@/components/lib/copy-button";

/** A shell command with its real values, to copy: for the colleague without a console. `caption` off where a heading says it already. */
export function CommandBlock({
  command,
  title,
  caption = true,
}: {
  command: string;
  title?: string;
  caption?: boolean;
}) {
  return (
    <figure className="min-w-0">
      {title && caption ? <figcaption className="mb-1 text-xs text-muted-foreground">{title}</figcaption> : null}
      <div className="flex items-start gap-1 rounded-md border bg-muted py-1 pr-1 pl-3">
        <pre className="min-w-0 flex-1 py-1 font-mono text-xs leading-5 break-all whitespace-pre-wrap">{command}</pre>
        <CopyButton text={command} what={title ? `command: ${title}` : "command"} />
      </div>
    </figure>
  );
}
