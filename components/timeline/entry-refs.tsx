import Link from "next/link";
import { refLinks } from "@/components/timeline/ref-links";

const look = "text-accent underline underline-offset-2 hover:no-underline";

/** Links to what an entry is about: run, approval, file, another entry. */
export function EntryRefs({
  incidentId,
  refs,
}: {
  incidentId: string;
  refs: Readonly<Record<string, string | number>>;
}) {
  const links = refLinks(incidentId, refs);
  if (links.length === 0) return null;
  return (
    <p className="mt-1 flex flex-wrap gap-x-3 text-xs">
      {links.map((link) =>
        link.href.startsWith("/api/") ? (
          <a key={link.href} href={link.href} className={look}>
            {link.label}
          </a>
        ) : (
          <Link key={link.href} href={link.href} className={look}>
            {link.label}
          </Link>
        ),
      )}
    </p>
  );
}
