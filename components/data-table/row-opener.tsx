"use client";

import Link from "next/link";
import type { ComponentProps, KeyboardEvent } from "react";
import { cn } from "@/components/lib/cn";

const look = "rounded-sm text-left text-accent underline-offset-2 hover:underline";

/** Up, down, Home and End move to the opener of another row; Enter opens, as on any link. */
function moveBetweenRows(event: KeyboardEvent<HTMLElement>) {
  const row = event.currentTarget.closest("tr");
  const target = {
    ArrowDown: row?.nextElementSibling,
    ArrowUp: row?.previousElementSibling,
    Home: row?.parentElement?.firstElementChild,
    End: row?.parentElement?.lastElementChild,
  }[event.key];
  const opener = target?.querySelector<HTMLElement>("[data-row-opener]");
  if (!opener) return;
  event.preventDefault();
  opener.focus();
}

/** The link in a row's first cell that opens the row on its own page. */
export function RowLink({ className, ...rest }: ComponentProps<typeof Link>) {
  return <Link data-row-opener onKeyDown={moveBetweenRows} className={cn(look, className)} {...rest} />;
}

/** The button in a row's first cell that opens the row beside the list. */
export function RowButton({ className, ...rest }: ComponentProps<"button">) {
  return <button type="button" data-row-opener onKeyDown={moveBetweenRows} className={cn(look, className)} {...rest} />;
}
