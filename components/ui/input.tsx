import type { ComponentProps } from "react";
import { cn } from "@/components/lib/cn";

export const controlStyle =
  "h-8 w-full min-w-0 rounded-md border border-border-strong bg-card px-2 text-sm text-foreground placeholder:text-muted-foreground disabled:opacity-60 aria-invalid:border-2 aria-invalid:border-foreground";

export function Input({ className, ...rest }: ComponentProps<"input">) {
  return <input className={cn(controlStyle, className)} {...rest} />;
}
