"use client";

import { MoreHorizontal } from "lucide-react";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { incidentHref } from "@/components/incidents/incident-words";
import { cn } from "@/components/lib/cn";
import { useBoard } from "@/components/live/live-hooks";
import { isCurrent, navItems } from "@/components/shell/nav-items";
import { useNavCounts } from "@/components/shell/use-nav-counts";

const cell = "relative flex h-14 flex-1 flex-col items-center justify-center gap-0.5 text-xs text-muted-foreground";

/** The rail on a phone: three pages under the thumb, the rest behind More (the palette). With one incident open, Incident is that one. */
export function BottomBar({ openMore }: { openMore: () => void }) {
  const pathname = usePathname();
  const counts = useNavCounts();
  const board = useBoard();
  const [only, another] = board.incidents;
  const incidentsHref = only !== undefined && another === undefined ? incidentHref(only.id) : "/incidents";
  return (
    <nav
      aria-label="Pages"
      className="fixed inset-x-0 bottom-0 z-30 flex border-t bg-card pb-[env(safe-area-inset-bottom)] md:hidden"
    >
      {navItems
        .filter((item) => item.onPhone)
        .map((item) => {
          const href = item.href === "/incidents" ? incidentsHref : item.href;
          const current = isCurrent(item, pathname);
          const count = counts[item.href];
          return (
            <Link
              key={item.href}
              href={href}
              aria-current={current ? "page" : undefined}
              className={cn(cell, current && "font-medium text-foreground shadow-[inset_0_2px_0_var(--accent)]")}
            >
              <item.icon aria-hidden className="size-4" />
              <span>
                {item.label}
                {count ? <span className="ml-1 tabular-nums">{count}</span> : null}
              </span>
            </Link>
          );
        })}
      <button type="button" onClick={openMore} className={cell}>
        <MoreHorizontal aria-hidden className="size-4" />
        More
      </button>
    </nav>
  );
}
