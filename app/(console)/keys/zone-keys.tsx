import { Check, CircleHelp, Minus, X } from "lucide-react";
import { CopyText } from "@/components/lib/copy-text";
import { shortenMiddle } from "@/components/lib/shorten-middle";
import { TimeStamp } from "@/components/lib/time-stamp";
import { Badge } from "@/components/ui/badge";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import type { KeyVersion, ReplicaJwks, ZoneKeysRow } from "@/server/keys/schemas";
import { agreementOf, placeWords, servedBy } from "./agreement";

const tones = {
  ok: { icon: Check, look: "text-ok" },
  bad: { icon: X, look: "font-semibold" },
  unknown: { icon: CircleHelp, look: "text-muted-foreground" },
} as const;

/** One zone: whether the replicas agree, then each key version against each replica. */
export function ZoneKeys({ row }: { row: ZoneKeysRow }) {
  const agreement = agreementOf(row);
  const { icon: Icon, look } = tones[agreement.tone];
  return (
    <div className="flex flex-col gap-2">
      <div className="flex flex-wrap items-baseline gap-x-3">
        <h3 className="font-semibold">{row.zone.name}</h3>
        <CopyText text={row.zone.id} what="zone" />
        <p className={`flex min-w-0 items-baseline gap-1.5 ${look}`}>
          <Icon aria-hidden className="size-3.5 shrink-0 self-center" />
          {agreement.sentence}
        </p>
      </div>
      {row.versions.length === 0 ? null : (
        <Table label={`Key versions of ${row.zone.name}`}>
          <TableHead>
            <tr>
              <TableHeader numeric>Version</TableHeader>
              <TableHeader>Place</TableHeader>
              <TableHeader>Key id (kid)</TableHeader>
              <TableHeader>Made</TableHeader>
              <TableHeader>Seal fingerprint</TableHeader>
              {row.jwks.map((replica) => (
                <TableHeader key={replica.replica}>{replica.replica}</TableHeader>
              ))}
            </tr>
          </TableHead>
          <TableBody>
            {row.versions.map((version) => (
              <TableRow key={version.kid}>
                <TableCell numeric>{version.version}</TableCell>
                <TableCell>
                  <Badge tone={version.place === "signs" ? "accent" : "neutral"}>{placeWords[version.place]}</Badge>
                </TableCell>
                <TableCell>
                  <CopyText text={version.kid} what="key" />
                </TableCell>
                <TableCell>
                  <TimeStamp at={version.createdAt} date="always" />
                </TableCell>
                <TableCell className="font-mono text-xs">{version.sealFingerprint}</TableCell>
                {row.jwks.map((replica) => (
                  <TableCell key={replica.replica}>
                    <Served replica={replica} version={version} />
                  </TableCell>
                ))}
              </TableRow>
            ))}
          </TableBody>
        </Table>
      )}
    </div>
  );
}

function Served({ replica, version }: { replica: ReplicaJwks; version: KeyVersion }) {
  const { served, text } = servedBy(replica, version);
  const expected = version.place !== "old";
  const Icon = served === null ? CircleHelp : served ? Check : expected ? X : Minus;
  return (
    <span className="inline-flex items-center gap-1" title={text}>
      <Icon aria-hidden className={served && expected ? "size-3.5 text-ok" : "size-3.5"} />
      {served ? (
        <>
          serves <span className="font-mono text-xs">{shortenMiddle(text)}</span>
        </>
      ) : (
        <span className="text-muted-foreground">{text}</span>
      )}
    </span>
  );
}
