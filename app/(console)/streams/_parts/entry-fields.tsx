import { CopyButton } from "@/components/lib/copy-button";

/** An entry's fields as Redis holds them, one a line; long values wrap. */
export function EntryFields({ fields }: { fields: Readonly<Record<string, string>> }) {
  const entries = Object.entries(fields);
  if (entries.length === 0) return <span className="text-muted-foreground">no fields</span>;
  return (
    <dl className="flex min-w-64 flex-col gap-0.5 font-mono text-xs">
      {entries.map(([name, value]) => (
        <div key={name} className="group flex items-start gap-2">
          <dt className="shrink-0 text-muted-foreground">{name}</dt>
          <dd className="flex min-w-0 items-start gap-2">
            <span className="min-w-0 break-all">
              {value === "" ? <span className="text-muted-foreground">(empty)</span> : value}
            </span>
            {value.length > 24 ? <CopyButton text={value} what={name} className="-my-1" /> : null}
          </dd>
        </div>
      ))}
    </dl>
  );
}
