"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import { cn } from "@/components/lib/cn";

const pages = [
  { href: "/settings", label: "This console" },
  { href: "/settings/actions", label: "Actions" },
  { href: "/settings/notifications", label: "Notifications" },
  { href: "/settings/break-glass", label: "Break-glass" },
] as const;

/** Links between the pages of the settings, in the look of tabs. */
export function SettingsNav() {
  const pathname = usePathname();
  return (
    <nav aria-label="Settings" className="flex flex-wrap gap-1 border-b">
      {pages.map((page) => {
        const current = pathname === page.href;
        return (
          <Link
            key={page.href}
            href={page.href}
            aria-current={current ? "page" : undefined}
            className={cn(
              "-mb-px inline-flex h-9 items-center border-b-2 border-transparent px-3 text-muted-foreground hover:text-foreground",
              current && "border-accent font-medium text-foreground",
            )}
          >
            {page.label}
          </Link>
        );
      })}
    </nav>
  );
}
