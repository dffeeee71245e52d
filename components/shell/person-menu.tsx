"use client";

import { Menu } from "@base-ui/react/menu";
import { Check, ChevronDown } from "lucide-react";
import { useTheme } from "next-themes";
import { usePerson } from "@/components/shell/shell-context";
import { buttonStyle } from "@/components/ui/button";

const itemStyle =
  "flex min-h-8 cursor-default items-center gap-2 rounded-sm px-2 text-sm outline-none data-[highlighted]:bg-muted";
const themes = [
  { value: "system", label: "As the system" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];

/** Who is signed in, with which roles; theme; sign-out. */
export function PersonMenu({ signOut }: { signOut: () => Promise<void> }) {
  const person = usePerson();
  const { theme, setTheme } = useTheme();
  return (
    <Menu.Root>
      <Menu.Trigger
        className={buttonStyle("ghost", "sm", "max-w-40 px-1.5")}
        aria-label={`${person.name}: account and theme`}
      >
        <span className="truncate">{person.name}</span>
        <ChevronDown aria-hidden className="size-3.5 shrink-0 text-muted-foreground" />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner sideOffset={4} align="end" className="z-50">
          <Menu.Popup className="w-56 rounded-md border bg-popover p-1 shadow-md outline-none">
            <div className="px-2 py-1.5">
              <div className="font-medium">{person.name}</div>
              <div className="text-xs text-muted-foreground">
                {person.roles.length === 0 ? "No role yet. Ask an admin." : person.roles.join(", ")}
              </div>
            </div>
            <Menu.Separator className="my-1 border-t" />
            <Menu.RadioGroup value={theme ?? "system"} onValueChange={setTheme} aria-label="Theme">
              {themes.map((option) => (
                <Menu.RadioItem key={option.value} value={option.value} className={itemStyle}>
                  <span className="size-3.5">
                    <Menu.RadioItemIndicator>
                      <Check aria-hidden className="size-3.5" />
                    </Menu.RadioItemIndicator>
                  </span>
                  {option.label}
                </Menu.RadioItem>
              ))}
            </Menu.RadioGroup>
            <Menu.Separator className="my-1 border-t" />
            <Menu.Item className={itemStyle} onClick={() => void signOut()}>
              <span className="size-3.5" />
              Sign out
            </Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
