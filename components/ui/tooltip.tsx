"use client";

import { Tooltip as Base } from "@base-ui/react/tooltip";
import type { ComponentProps, ReactElement, ReactNode } from "react";

export const TooltipProvider = Base.Provider;

/** A hint on hover and focus. `children` is the one element that shows it; it must be focusable. */
export function Tooltip({
  hint,
  children,
  side = "top",
}: {
  hint: ReactNode;
  children: ReactElement;
  side?: ComponentProps<typeof Base.Positioner>["side"];
}) {
  return (
    <Base.Root>
      <Base.Trigger render={children} />
      <Base.Portal>
        <Base.Positioner side={side} sideOffset={6} className="z-50">
          <Base.Popup className="max-w-80 rounded-md border bg-popover px-2 py-1 text-xs text-foreground shadow-md">
            {hint}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
