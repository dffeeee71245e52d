import type { ComponentProps } from "react";
import { cn } from "@/components/lib/cn";

/** Who has no pointer scrolls a wide table with the arrow keys, so its box can take the focus. */
const scrollable = { tabIndex: 0 };

/** On a phone each row is a small page: cells one below the other, each behind its `name`. */
const stackedStyle =
  "max-sm:block max-sm:[&_tbody]:block max-sm:[&_td]:block max-sm:[&_td]:py-0.5 max-sm:[&_td]:text-left max-sm:[&_td]:break-words max-sm:[&_thead]:hidden max-sm:[&_tr]:block max-sm:[&_tr]:py-1.5 max-sm:[&_td[data-name]]:before:mr-2 max-sm:[&_td[data-name]]:before:font-sans max-sm:[&_td[data-name]]:before:text-xs max-sm:[&_td[data-name]]:before:text-muted-foreground max-sm:[&_td[data-name]]:before:content-[attr(data-name)]";

/**
 * A table that scrolls sideways inside its own box, so that the page never does. `label` names it for a screen reader; `stacked` ones
 * put their cells one below the other on a phone.
 */
export function Table({
  className,
  label,
  stacked = false,
  ...rest
}: ComponentProps<"table"> & { label: string; stacked?: boolean }) {
  return (
    <section aria-label={label} className="relative w-full overflow-x-auto" {...scrollable}>
      <table className={cn("w-full border-collapse text-sm", stacked && stackedStyle, className)} {...rest} />
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
/** `name`: what a stacked table writes in front of it on a phone, where the header is not seen. */
export function TableCell({
  className,
  numeric,
  name,
  ...rest
}: ComponentProps<"td"> & { numeric?: boolean; name?: string }) {
  return (
    <td
      data-name={name}
      className={cn("px-3 py-1.5 align-top", numeric && "text-right tabular-nums", className)}
      {...rest}
    />
  );
}
