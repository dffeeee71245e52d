import type { ComponentProps } from "react";
import { cn } from "@/components/lib/cn";
import { controlStyle } from "@/components/ui/input";

export function Textarea({ className, rows = 3, ...rest }: ComponentProps<"textarea">) {
  return <textarea rows={rows} className={cn(controlStyle, "h-auto py-1.5 leading-5", className)} {...rest} />;
}
