"use client";

import { Dialog as Base } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";
import { cn } from "@/components/lib/cn";
import { buttonStyle } from "@/components/ui/button";

export const Dialog = Base.Root;
export const DialogTrigger = Base.Trigger;
export const DialogClose = Base.Close;

/** A dialog only confirms an act. Focus stays inside, Escape closes; on a phone it sits at the bottom, under the thumb. */
export function DialogContent({
  title,
  description,
  children,
  footer,
  className,
  ...rest
}: Omit<ComponentProps<typeof Base.Popup>, "title" | "className"> & {
  title: ReactNode;
  description?: ReactNode;
  footer?: ReactNode;
  className?: string;
}) {
  return (
    <Base.Portal>
      <Base.Backdrop className="fixed inset-0 z-40 bg-black/50" />
      <Base.Popup
        className={cn(
          "fixed z-50 flex max-h-[90dvh] flex-col border bg-popover text-foreground shadow-lg outline-none",
          "inset-x-0 bottom-0 rounded-t-lg sm:inset-x-auto sm:bottom-auto sm:top-[12dvh] sm:left-1/2 sm:w-[32rem] sm:-translate-x-1/2 sm:rounded-lg",
          className,
        )}
        {...rest}
      >
        <header className="flex items-start gap-3 border-b px-4 py-3">
          <div className="min-w-0 flex-1">
            <Base.Title className="text-base font-semibold">{title}</Base.Title>
            {description ? (
              <Base.Description className="mt-0.5 text-muted-foreground">{description}</Base.Description>
            ) : null}
          </div>
          <Base.Close aria-label="Close" className={buttonStyle("ghost", "icon", "-mr-1 -mt-1")}>
            <X aria-hidden className="size-4" />
          </Base.Close>
        </header>
        <div className="min-h-0 flex-1 overflow-y-auto px-4 py-3">{children}</div>
        {footer ? <footer className="flex flex-wrap justify-end gap-2 border-t px-4 py-3">{footer}</footer> : null}
      </Base.Popup>
    </Base.Portal>
  );
}
