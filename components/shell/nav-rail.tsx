"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import { cn } from "@/components/lib/cn";
import { isCurrent, type NavItem, navItems } from "@/components/shell/nav-items";
import { useNavCounts } from "@/components/shell/use-nav-counts";

function RailLink({ item, current, count }: { item: NavItem; current: boolean; count: number | undefined }) {
  return (
    <Link
      href={item.href}
      aria-current={current ? "page" : undefined}
      className={cn(
        "flex h-8 items-center justify-between rounded-md border-l-2 border-transparent px-2 text-muted-foreground hover:bg-muted hover:text-foreground",
        current && "rounded-l-none border-accent bg-muted font-medium text-foreground",
      )}
    >
      {item.label}
      {count ? <span className="tabular-nums">{count}</span> : null}
    </Link>
  );
}

/** The rail on a desk: every page that exists, with what waits there. */
export function NavRail() {
  const pathname = usePathname();
  const counts = useNavCounts();
  return (
    <nav aria-label="Pages" className="hidden min-h-[calc(100dvh-2.9rem)] w-40 shrink-0 border-r bg-card p-2 md:block">
      <ul className="sticky top-[3.4rem] flex flex-col gap-0.5">
        {navItems.map((item, index) => (
          <li
            key={item.href}
            className={item.group !== navItems[index - 1]?.group && index > 0 ? "mt-2 border-t pt-2" : undefined}
          >
            <RailLink item={item} current={isCurrent(item, pathname)} count={counts[item.href]} />
          </li>
        ))}
      </ul>
    </nav>
  );
}
