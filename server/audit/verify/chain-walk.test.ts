import { expect, it } from "vitest";
import { honestChain } from "@/sandbox/audit-chain/honest-chain";
import { ChainWalk } from "@/server/audit/verify/chain-walk";
import { noTotals } from "@/server/audit/verify/finding";
import { judgeRow } from "@/server/audit/verify/judge-row";

it("a beginning that is gone went with retention, unless an anchor is of a row whose partition is there still", () => {
  const chain = honestChain(Math.random, 9);
  const [first] = chain.rows;
  const anchor = { seq: 4, id: chain.rows[3]?.id ?? "", content: chain.rows[3]?.content_sha256 ?? "", at: Date.now() };
  const told = (keptFrom: number) => {
    const found: string[] = [];
    const walk = new ChainWalk(
      first?.zone_id ?? "",
      ({ finding, chain_seq: seq, witnesses }) => found.push(`${finding} ${seq} ${witnesses}`),
      noTotals(),
      { anchors: [anchor], keptFrom },
    );
    for (const row of chain.rows.slice(6)) walk.row(row, judgeRow(row, [], chain.key, false));
    walk.end();
    return found.filter((finding) => !finding.startsWith("not_provable"));
  };
  const hour = 3_600_000;
  expect(told(Date.now() - hour)).toEqual(["row_deleted 4 anchor", "retention_gap 6 chain"]);
  expect(told(Date.now() + hour)).toEqual(["retention_gap 6 chain"]);
  expect(told(Date.now())).toEqual(["retention_gap 6 chain"]); // made just before the month ended, anchored after
});
