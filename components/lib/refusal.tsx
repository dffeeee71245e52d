import { X } from "lucide-react";
import type { ReactNode } from "react";

/** Why an act or a question was refused, said at once to a screen reader. */
export function Refusal({ children }: { children: ReactNode }) {
  return (
    <p role="alert" className="flex items-start gap-1.5 font-medium">
      <X aria-hidden className="mt-[0.2rem] size-3.5 shrink-0" strokeWidth={3} />
      <span className="min-w-0 break-words">{children}</span>
    </p>
  );
}
