"use client";

import { Select as Base } from "@base-ui/react/select";
import { Check, ChevronsUpDown } from "lucide-react";
import { cn } from "@/components/lib/cn";
import { controlStyle } from "@/components/ui/input";

export type SelectOption<Value extends string> = { readonly value: Value; readonly label: string };

/** One choice of a few. `label` names it for a screen reader unless a Field labels it. */
export function Select<Value extends string>({
  value,
  onChange,
  options,
  label,
  className,
  disabled,
  id,
}: {
  value: Value;
  onChange: (value: Value) => void;
  options: readonly SelectOption<Value>[];
  label?: string;
  className?: string;
  disabled?: boolean;
  id?: string;
}) {
  return (
    <Base.Root
      value={value}
      items={options.map((option) => ({ value: option.value, label: option.label }))}
      disabled={disabled}
      onValueChange={(next) => {
        if (next !== null) onChange(next);
      }}
    >
      <Base.Trigger
        id={id}
        aria-label={label}
        className={cn(controlStyle, "inline-flex items-center justify-between gap-2 text-left", className)}
      >
        <Base.Value className="truncate" />
        <Base.Icon>
          <ChevronsUpDown aria-hidden className="size-3.5 text-muted-foreground" />
        </Base.Icon>
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner sideOffset={4} alignItemWithTrigger={false} className="z-50">
          <Base.Popup className="max-h-80 min-w-[var(--anchor-width)] overflow-y-auto rounded-md border bg-popover p-1 shadow-md outline-none">
            {options.map((option) => (
              <Base.Item
                key={option.value}
                value={option.value}
                className="flex min-h-8 cursor-default items-center gap-2 rounded-sm px-2 text-sm outline-none data-[highlighted]:bg-muted"
              >
                <span className="size-3.5">
                  <Base.ItemIndicator>
                    <Check aria-hidden className="size-3.5" />
                  </Base.ItemIndicator>
                </span>
                <Base.ItemText>{option.label}</Base.ItemText>
              </Base.Item>
            ))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
