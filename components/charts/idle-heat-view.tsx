import { idleHeat, idleSteps } from "@/components/charts/idle-heat";
import { formatAge } from "@/components/lib/duration";
import type { ConsumerState } from "@/server/live/snapshot";

const most = 500;
const top = idleSteps.length - 1;
const count = new Intl.NumberFormat("en");

/** A cell fills from the bottom the longer its consumer has been silent; a dot says that it holds entries. Told by shape, not by colour. */
function Cell({ step, holding, title }: { step: number; holding: boolean; title: string }) {
  return (
    <li title={title} className="relative h-6 w-3 border border-border-strong bg-card">
      <span
        aria-hidden="true"
        className="absolute inset-x-0 bottom-0 bg-foreground/70"
        style={{ height: `${(step / top) * 100}%` }}
      />
      {holding ? (
        <span
          aria-hidden="true"
          className="absolute top-0.5 left-1/2 size-1.5 -translate-x-1/2 rounded-full border border-card bg-foreground"
        />
      ) : null}
      <span className="sr-only">{title}</span>
    </li>
  );
}

/** How long each consumer of a group has been silent, the longest first, with how many stand at each step in words. */
export function IdleHeatView({ consumers, total }: { consumers: readonly ConsumerState[]; total: number }) {
  const { cells, counts } = idleHeat(consumers);
  return (
    <div className="flex flex-col gap-2 border-b px-3 py-3">
      <ul className="flex flex-wrap gap-x-4 gap-y-1 text-xs text-muted-foreground" aria-label="Silent for how long">
        {counts
          .filter(({ consumers: there }) => there > 0)
          .map(({ step, consumers: there, holding }) => (
            <li key={step}>
              <strong className="font-semibold text-foreground">{count.format(there)}</strong> {idleSteps[step]?.words}
              {holding > 0 ? `, ${count.format(holding)} of them holding entries` : ""}
            </li>
          ))}
      </ul>
      <ul className="flex flex-wrap gap-0.5" aria-label="Consumers by how long they have been silent">
        {cells.slice(0, most).map((cell) => (
          <Cell
            key={cell.name}
            step={cell.step}
            holding={cell.pending > 0}
            title={`${cell.name}: silent for ${formatAge(cell.idleMs)}, ${count.format(cell.pending)} pending`}
          />
        ))}
      </ul>
      <p className="text-xs text-muted-foreground">
        Fuller means longer silent; a dot means that it holds entries.
        {total > cells.length
          ? ` The ${count.format(cells.length)} most in need of a look, of ${count.format(total)}.`
          : ""}
      </p>
    </div>
  );
}
