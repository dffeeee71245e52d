import type { ComponentProps } from "react";
import { cn } from "@/components/lib/cn";

/** Who has no pointer scrolls a wide table with the arrow keys, so its box can take the focus. */
const scrollable = { tabIndex: 0 };

/** A table that scrolls sideways inside its own box, so that the page never does. `label` names it for a screen reader. */
export function Table({ className, label, ...rest }: ComponentProps<"table"> & { label: string }) {
  return (
    <section aria-label={label} className="relative w-full overflow-x-auto" {...scrollable}>
      <table className={cn("w-full border-collapse text-sm", className)} {...rest} />
    </section>
  );
}
export function TableHead({ className, ...rest }: ComponentProps<"thead">) {
  return <thead className={cn("border-b text-xs text-muted-foreground", className)} {...rest} />;
}
export function TableBody({ className, ...rest }: ComponentProps<"tbody">) {
  return <tbody className={cn("[&>tr:last-child]:border-0", className)} {...rest} />;
}
export function TableRow({ className, ...rest }: ComponentProps<"tr">) {
  return <tr className={cn("border-b hover:bg-muted/60", className)} {...rest} />;
}
export function TableHeader({ className, numeric, ...rest }: ComponentProps<"th"> & { numeric?: boolean }) {
  return (
    <th
      scope="col"
      className={cn("h-8 px-3 font-medium whitespace-nowrap", numeric ? "text-right" : "text-left", className)}
      {...rest}
    />
  );
}
export function TableCell({ className, numeric, ...rest }: ComponentProps<"td"> & { numeric?: boolean }) {
  return <td className={cn("px-3 py-1.5 align-top", numeric && "text-right tabular-nums", className)} {...rest} />;
}
