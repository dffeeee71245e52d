"use client";

import { useTheme } from "next-themes";
import { Toaster as Sonner } from "sonner";

/** Where answers to acts appear: bottom right, above the phone's bar. */
export function Toaster() {
  const { resolvedTheme } = useTheme();
  return (
    <Sonner
      theme={resolvedTheme === "dark" ? "dark" : "light"}
      position="bottom-right"
      mobileOffset={{ bottom: 72 }}
      toastOptions={{
        style: { background: "var(--popover)", color: "var(--foreground)", border: "1px solid var(--border)" },
      }}
    />
  );
}
