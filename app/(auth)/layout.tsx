import type { ReactNode } from "react";

/** The pages outside the shell: one narrow panel, readable before anything else works. */
export default function AuthLayout({ children }: { children: ReactNode }) {
  return (
    <main className="flex min-h-dvh items-start justify-center bg-background px-4 py-16 text-foreground sm:items-center sm:py-8">
      <div className="w-full max-w-sm rounded-md border border-border bg-card p-5">{children}</div>
    </main>
  );
}
