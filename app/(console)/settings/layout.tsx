import type { ReactNode } from "react";
import { SettingsNav } from "./settings-nav";

/** The pages of the settings, side by side. */
export default function SettingsLayout({ children }: { children: ReactNode }) {
  return (
    <div className="flex flex-col gap-4">
      <SettingsNav />
      {children}
    </div>
  );
}
