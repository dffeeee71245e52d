"use client";

import { navItems } from "@/components/shell/nav-items";
import { Dialog, DialogContent } from "@/components/ui/dialog";
import { Kbd } from "@/components/ui/kbd";

const others = [
  { keys: ["/"], what: "Filter this page" },
  { keys: ["?"], what: "This help" },
  { keys: ["Cmd K", "Ctrl K"], what: "Go to anything" },
  { keys: ["j", "k"], what: "Next and previous row, where rows open" },
  { keys: ["Esc"], what: "Close a dialog, or what is open beside a list" },
];

/** What the keyboard can do, opened by `?`. */
export function HelpDialog({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange}>
      <DialogContent title="Keyboard">
        <dl className="grid grid-cols-1 gap-x-6 gap-y-1.5 sm:grid-cols-2">
          {navItems.map((item) => (
            <div key={item.href} className="flex items-center justify-between gap-3">
              <dt>{item.label}</dt>
              <dd className="flex items-center gap-1">
                <Kbd>g</Kbd> then <Kbd>{item.key}</Kbd>
              </dd>
            </div>
          ))}
          {others.map((item) => (
            <div key={item.what} className="flex items-center justify-between gap-3">
              <dt>{item.what}</dt>
              <dd className="flex items-center gap-1">
                {item.keys.map((key) => (
                  <Kbd key={key}>{key}</Kbd>
                ))}
              </dd>
            </div>
          ))}
        </dl>
      </DialogContent>
    </Dialog>
  );
}
