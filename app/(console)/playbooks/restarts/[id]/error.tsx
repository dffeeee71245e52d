"use client";

import { PageProblem } from "@/components/data-table/page-problem";

export default function Failed({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return <PageProblem what="This restart" error={error} retry={reset} />;
}
