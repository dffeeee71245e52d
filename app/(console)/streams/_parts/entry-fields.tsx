import { CopyButton } from "@/components/lib/copy-button";

/** An entry's fields as Redis holds them, one a line; what is JSON is laid out, and its own text stays a click away. */
export function EntryFields({
  fields,
  decoded = {},
}: {
  fields: Readonly<Record<string, string>>;
  decoded?: Readonly<Record<string, string>>;
}) {
  const entries = Object.entries(fields);
  if (entries.length === 0) return <span className="text-muted-foreground">no fields</span>;
  return (
    <dl className="flex min-w-64 flex-col gap-0.5 font-mono text-xs">
      {entries.map(([name, value]) => (
        <div key={name} className="group flex items-start gap-2">
          <dt className="shrink-0 text-muted-foreground">{name}</dt>
          <dd className="flex min-w-0 flex-1 items-start gap-2">
            <Value value={value} decoded={decoded[name]} />
            {value.length > 24 ? <CopyButton text={value} what={name} className="-my-1" /> : null}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Value({ value, decoded }: { value: string; decoded: string | undefined }) {
  if (value === "") return <span className="text-muted-foreground">(empty)</span>;
  if (decoded === undefined) return <span className="min-w-0 break-all">{value}</span>;
  return (
    <details className="min-w-0">
      <summary className="max-w-[28rem] cursor-pointer truncate">{value}</summary>
      <pre className="mt-1 rounded-sm bg-muted p-2 whitespace-pre-wrap break-words">{decoded}</pre>
    </details>
  );
}
