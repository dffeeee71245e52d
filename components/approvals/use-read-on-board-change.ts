"use client";

import { useEffect, useRef } from "react";
import { useBoard } from "@/components/live/live-hooks";

/**
 * Calls `readAgain` as soon as the live board says that a request has changed: the given one, or any when none is given. The
 * page still polls now and then, for what no revision tells (a changed zone, an expired proof).
 */
export function useReadOnBoardChange(approvalId: string | null, readAgain: () => unknown): void {
  const { approvals } = useBoard();
  const mark = approvals
    .filter(({ id }) => approvalId === null || id === approvalId)
    .map(({ id, revision, state }) => `${id} ${revision} ${state}`)
    .join();
  const seen = useRef(mark);
  useEffect(() => {
    if (seen.current === mark) return;
    seen.current = mark;
    readAgain();
  }, [mark, readAgain]);
}
