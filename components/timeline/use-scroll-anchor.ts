"use client";

import { type RefObject, useCallback, useLayoutEffect, useRef } from "react";
import type { TimelineWindow } from "@/components/timeline/window-model";

const nearBottom = 80;

/**
 * Keeps a scrolled list where the reader is while entries come in front, behind or leave: at the newest it stays at the newest,
 * elsewhere the first entry in sight stays in its place. Answers whether the reader is at the newest.
 */
export function useScrollAnchor(
  box: RefObject<HTMLElement | null>,
  window: TimelineWindow | null,
  target: number | null,
) {
  const atEnd = useRef(true);
  const held = useRef<{ readonly seq: string; readonly top: number } | null>(null);
  const shownTarget = useRef<number | null>(null);

  const note = useCallback(() => {
    const element = box.current;
    if (element === null) return;
    atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < nearBottom;
    const top = element.getBoundingClientRect().top;
    for (const item of element.querySelectorAll<HTMLElement>("[data-seq]")) {
      const place = item.getBoundingClientRect();
      if (place.bottom <= top) continue;
      held.current = { seq: item.dataset.seq ?? "", top: place.top - top };
      return;
    }
  }, [box]);

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || window === null) return;
    const aim = target === null ? null : element.querySelector<HTMLElement>(`[data-seq="${target}"]`);
    if (aim !== null && shownTarget.current !== target) {
      shownTarget.current = target;
      aim.scrollIntoView({ block: "center" });
    } else if (target === null && shownTarget.current !== null) {
      shownTarget.current = null;
      element.scrollTop = element.scrollHeight;
    } else if (atEnd.current && window.newer === null) element.scrollTop = element.scrollHeight;
    else if (held.current !== null) {
      const same = element.querySelector<HTMLElement>(`[data-seq="${held.current.seq}"]`);
      if (same !== null)
        element.scrollTop += same.getBoundingClientRect().top - element.getBoundingClientRect().top - held.current.top;
    }
    note();
  }, [box, window, target, note]);

  const toEnd = () => {
    if (box.current !== null) box.current.scrollTop = box.current.scrollHeight;
    note();
  };
  return { note, toEnd };
}
