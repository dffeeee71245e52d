import { Check, X } from "lucide-react";

/** A tick or a cross drawn as a shape: not every device's typeface has those characters. The word beside it carries the meaning. */
export function YesNo({ yes }: { yes: boolean }) {
  const Icon = yes ? Check : X;
  return <Icon aria-hidden="true" strokeWidth={2.5} className="mr-1 inline size-3.5 shrink-0 align-[-2px]" />;
}
