"use client";

import { parseAsInteger, useQueryState } from "nuqs";
import { useEffect } from "react";

/** The entry that the address names, as ?entry=123 or #e-123, and how to name another. */
export function useLinkedEntry(): [number | null, (seq: number | null) => void] {
  const [entry, setEntry] = useQueryState("entry", parseAsInteger.withOptions({ history: "replace", scroll: false }));
  useEffect(() => {
    const read = () => {
      const seq = /^#e-(\d{1,9})$/.exec(window.location.hash)?.[1];
      if (seq === undefined) return;
      window.history.replaceState(window.history.state, "", window.location.pathname + window.location.search);
      void setEntry(Number(seq));
    };
    read();
    window.addEventListener("hashchange", read);
    return () => window.removeEventListener("hashchange", read);
  }, [setEntry]);
  return [entry !== null && entry > 0 ? entry : null, (seq) => void setEntry(seq)];
}
