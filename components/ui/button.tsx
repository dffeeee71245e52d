import type { ComponentProps } from "react";
import { cn } from "@/components/lib/cn";

const variants = {
  primary: "bg-accent text-accent-foreground border-transparent hover:opacity-90",
  outline: "bg-card text-foreground border-border hover:bg-muted hover:border-border-strong",
  ghost: "border-transparent text-foreground hover:bg-muted",
  destructive: "bg-destructive text-destructive-foreground border-transparent hover:opacity-90",
  link: "border-transparent px-0 h-auto text-accent underline underline-offset-2 hover:no-underline",
} as const;
const sizes = {
  md: "h-8 px-3",
  sm: "h-7 px-2",
  icon: "size-8 p-0",
} as const;

export type ButtonVariant = keyof typeof variants;
export type ButtonSize = keyof typeof sizes;

/** The look of a button, for links that act like one. */
export function buttonStyle(variant: ButtonVariant = "outline", size: ButtonSize = "md", className?: string): string {
  return cn(
    "inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md border text-sm font-medium whitespace-nowrap select-none",
    "disabled:cursor-not-allowed disabled:opacity-60 aria-disabled:cursor-not-allowed aria-disabled:opacity-60",
    sizes[size],
    variants[variant],
    className,
  );
}

export type ButtonProps = ComponentProps<"button"> & { variant?: ButtonVariant; size?: ButtonSize };

/** A plain button, never a submit unless asked. One `primary` per screen. */
export function Button({ variant = "outline", size = "md", className, type = "button", ...rest }: ButtonProps) {
  return <button type={type} className={buttonStyle(variant, size, className)} {...rest} />;
}
