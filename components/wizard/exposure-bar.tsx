import { utcStamp } from "@/components/lib/utc";
import { exposureLines, exposureSentence } from "@/components/wizard/exposure-model";
import type { Exposure } from "@/server/playbooks/schemas";

/** Until when something stolen can still work, and why: one sentence, then one bar per way. `now` in epoch ms. */
export function ExposureBar({ exposure, now }: { exposure: readonly Exposure[]; now: number }) {
  const lines = exposureLines(exposure, now);
  return (
    <section aria-label="Exposure" className="flex flex-col gap-2 border-t px-4 py-3">
      <h2>
        Exposure <span className="font-normal">{exposureSentence(lines, now)}</span>
      </h2>
      <ul className="flex flex-col gap-3">
        {lines.map(({ exposure: item, state, elapsed, left }) => (
          <li key={item.id} className="grid gap-x-3 gap-y-1 sm:grid-cols-[1fr_auto] sm:items-baseline">
            <span className={state === "over" ? "text-muted-foreground" : "font-medium"}>{item.what}</span>
            <span
              aria-hidden
              className="relative h-2 overflow-hidden rounded-sm border border-border-strong bg-muted sm:order-3 sm:col-span-2"
              title={item.why}
            >
              {state === "open-ended" ? (
                <span className="absolute inset-0 bg-[repeating-linear-gradient(135deg,var(--foreground)_0_2px,transparent_2px_6px)] opacity-60" />
              ) : (
                <span className="absolute inset-y-0 right-0 bg-foreground" style={{ left: `${elapsed * 100}%` }} />
              )}
            </span>
            <span className="text-right whitespace-nowrap tabular-nums max-sm:text-left">
              {left}
              {item.until === null || state === "over" ? null : (
                <span className="text-muted-foreground"> · until {utcStamp(item.until, now)}</span>
              )}
            </span>
            <span className="text-xs text-muted-foreground sm:order-4 sm:col-span-2">{item.why}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
