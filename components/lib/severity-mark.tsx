import { cn } from "@/components/lib/cn";
import type { Severity } from "@/server/platform/severity";

const shapes: Readonly<Record<Severity, { path: string; name: string; tone: string }>> = {
  P1: { path: "M4.9 1h6.2L15 4.9v6.2L11.1 15H4.9L1 11.1V4.9z", name: "octagon", tone: "text-p1" },
  P2: { path: "M8 1.2 15.4 14.5H0.6z", name: "triangle", tone: "text-p2" },
  P3: { path: "M8 0.8 15.2 8 8 15.2 0.8 8z", name: "diamond", tone: "text-p3" },
  P4: { path: "M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 1 1 0-13z", name: "circle", tone: "text-p4" },
};
const meanings: Readonly<Record<Severity, string>> = {
  P1: "act now",
  P2: "act within the hour",
  P3: "look today",
  P4: "look when there is time",
};

/** Severity by shape, label and colour together: octagon P1, triangle P2, diamond P3, circle P4. */
export function SeverityMark({ severity, className }: { severity: Severity; className?: string }) {
  const shape = shapes[severity];
  return (
    <span
      title={`${severity}: ${meanings[severity]}`}
      className={cn("inline-flex items-center gap-1.5 font-semibold whitespace-nowrap", shape.tone, className)}
    >
      <svg viewBox="0 0 16 16" aria-hidden="true" className="size-3.5 shrink-0" data-shape={shape.name}>
        <path d={shape.path} fill="currentColor" />
      </svg>
      {severity}
    </span>
  );
}
