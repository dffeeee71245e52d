import { type DataColumn, DataTable } from "@/components/data-table/data-table";
import { storeWords } from "@/components/evidence/vault-words";
import { fileSize } from "@/components/incidents/file-size";
import { CommandBlock } from "@/components/lib/command-block";
import { CopyText } from "@/components/lib/copy-text";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { usePerson } from "@/components/shell/shell-context";
import { fullProfileRoles } from "@/server/evidence/schemas";
import type { FileView, ItemView } from "@/server/evidence/vault/schemas";

const verdictWords = { whole: "whole", mismatch: "NOT what was preserved", missing: "GONE" } as const;

const columnsFor = (itemId: string, mayDownload: boolean): readonly DataColumn<FileView>[] => [
  {
    id: "name",
    header: "File",
    className: "min-w-56 whitespace-normal",
    cell: ({ name }) =>
      mayDownload ? (
        <a
          href={`/api/evidence/${itemId}?file=${encodeURIComponent(name)}`}
          download={name}
          className="break-all text-accent underline underline-offset-2"
        >
          {name}
        </a>
      ) : (
        <span className="break-all">{name}</span>
      ),
  },
  {
    id: "rows",
    header: "Rows",
    numeric: true,
    cell: ({ rows }) => (rows === null ? "–" : rows.toLocaleString("en-US")),
  },
  { id: "size", header: "Size", numeric: true, cell: ({ size }) => fileSize(size) },
  { id: "sha256", header: "SHA-256", cell: ({ sha256 }) => <CopyText text={sha256} what="digest" /> },
  {
    id: "copies",
    header: "Last read",
    className: "min-w-48 whitespace-normal",
    cell: ({ copies }) =>
      copies.map(({ store, verdict, verifiedAt }) => (
        <span key={store} className={verdict === "whole" ? "block" : "block font-semibold"}>
          {storeWords[store]}: {verdictWords[verdict]} <TimeStamp at={verifiedAt} show="time" />
        </span>
      )),
  },
  {
    id: "source",
    header: "From",
    className: "min-w-72 whitespace-normal",
    cell: ({ source }) => <span className="font-mono text-xs break-all text-muted-foreground">{source}</span>,
  },
];

/** The files of an item. Each is read whole and compared before it is given. */
export function FilesPanel({ item }: { item: ItemView }) {
  const person = usePerson();
  const mayDownload = item.state !== "removed" && fullProfileRoles.some((role) => person.roles.includes(role));
  return (
    <Panel
      title="Files"
      note={
        mayDownload
          ? "A download is hashed before its first byte, and goes on where it broke off"
          : `A download needs the role ${fullProfileRoles.join(" or ")}`
      }
      state={
        item.files.length === 0
          ? { kind: "empty", sentence: item.finishedAt === null ? "None is written yet." : "None was written." }
          : undefined
      }
    >
      <DataTable
        label="Files"
        columns={columnsFor(item.id, mayDownload)}
        rows={item.files}
        rowKey={({ name }) => name}
        className="min-h-0"
      />
      {item.manifestSha256 === null ? null : (
        <div className="flex flex-col gap-2 px-3 py-3">
          <CommandBlock
            title="Verify it without the console, in the folder of its files"
            command="sha256sum --strict -c manifest.sha256 && openssl pkeyutl -verify -pubin -inkey public-key.pem -rawin -in manifest.sha256 -sigfile manifest.sha256.sig"
          />
        </div>
      )}
    </Panel>
  );
}
