import {
  Activity,
  BookOpenCheck,
  FileCheck,
  FileSearch,
  KeyRound,
  type LucideIcon,
  Rows3,
  Settings,
  Siren,
  Snowflake,
  Users,
  Vote,
} from "lucide-react";

export type NavItem = {
  readonly href: string;
  readonly label: string;
  readonly key: string; // pressed after `g`
  readonly icon: LucideIcon; // the phone's bar only: a thumb finds a shape sooner than a word
  readonly group: "act" | "look";
  readonly onPhone: boolean;
};

/** Every page that exists, in the rail's order. */
export const navItems: readonly NavItem[] = [
  { href: "/", label: "Now", key: "n", icon: Activity, group: "act", onPhone: true },
  { href: "/incidents", label: "Incidents", key: "i", icon: Siren, group: "act", onPhone: true },
  { href: "/playbooks", label: "Playbooks", key: "p", icon: BookOpenCheck, group: "act", onPhone: false },
  { href: "/approvals", label: "Approvals", key: "a", icon: Vote, group: "act", onPhone: true },
  { href: "/brakes", label: "Brakes", key: "b", icon: Snowflake, group: "act", onPhone: false },
  { href: "/sessions", label: "Sessions", key: "s", icon: Users, group: "look", onPhone: false },
  { href: "/keys", label: "Keys", key: "k", icon: KeyRound, group: "look", onPhone: false },
  { href: "/audit", label: "Audit", key: "u", icon: FileSearch, group: "look", onPhone: false },
  { href: "/streams", label: "Streams", key: "t", icon: Rows3, group: "look", onPhone: false },
  { href: "/evidence", label: "Evidence", key: "e", icon: FileCheck, group: "look", onPhone: false },
  { href: "/settings", label: "Settings", key: "c", icon: Settings, group: "look", onPhone: false },
];

/** True when `pathname` is the item's page or one below it. */
export function isCurrent(item: NavItem, pathname: string): boolean {
  return item.href === "/" ? pathname === "/" : pathname === item.href || pathname.startsWith(`${item.href}/`);
}
