"use client";

import { type ComponentProps, useState } from "react";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";

/** A text filter that applies on Enter or when it is left, so that no half-typed value is searched for. `first` answers to "/". */
export function TextFilter({
  label,
  value,
  onApply,
  hint,
  first = false,
  className,
  ...rest
}: {
  label: string;
  value: string | null;
  onApply: (value: string | null) => void;
  hint?: string;
  first?: boolean;
} & Pick<ComponentProps<"input">, "placeholder" | "className" | "maxLength">) {
  const [typed, setTyped] = useState(value ?? "");
  const [applied, setApplied] = useState(value);
  if (value !== applied) {
    setApplied(value);
    setTyped(value ?? "");
  }
  const apply = () => {
    const next = typed.trim() || null;
    if (next !== value) onApply(next);
  };
  return (
    <Field label={label} hint={hint} className={className}>
      {(ids) => (
        <Input
          {...ids}
          {...rest}
          data-filter={first ? "" : undefined}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          onBlur={apply}
          onKeyDown={(event) => {
            if (event.key === "Enter") apply();
          }}
        />
      )}
    </Field>
  );
}
