"use client";

import { Tabs as Base } from "@base-ui/react/tabs";
import type { ComponentProps } from "react";
import { cn } from "@/components/lib/cn";

type WithClass<T> = Omit<T, "className"> & { className?: string };

export const Tabs = Base.Root;
export function TabsList({ className, ...rest }: WithClass<ComponentProps<typeof Base.List>>) {
  return <Base.List className={cn("flex flex-wrap gap-1 border-b", className)} {...rest} />;
}
export function Tab({ className, ...rest }: WithClass<ComponentProps<typeof Base.Tab>>) {
  return (
    <Base.Tab
      className={cn(
        "-mb-px h-9 shrink-0 border-b-2 border-transparent px-3 text-sm whitespace-nowrap text-muted-foreground hover:text-foreground",
        "data-[active]:border-accent data-[active]:font-medium data-[active]:text-foreground",
        className,
      )}
      {...rest}
    />
  );
}
export function TabsPanel({ className, ...rest }: WithClass<ComponentProps<typeof Base.Panel>>) {
  return <Base.Panel className={cn("outline-offset-2", className)} {...rest} />;
}
