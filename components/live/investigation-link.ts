"use client";

import type { TRPCClientError, TRPCLink } from "@trpc/client";
import { observable } from "@trpc/server/observable";
import { askForReason } from "@/components/live/investigation-question";
import type { AppRouter } from "@/server/routers/app-router";

const isAboutInvestigation = (error: TRPCClientError<AppRouter>): boolean =>
  error.data?.facts?.underInvestigation === true;

/**
 * An act that was refused because its zone is under tamper investigation is asked for once more with the reason that the person gives
 * for it. Whoever gives none has the refusal as the answer. It stands here so that no page can forget to offer the field.
 */
export const investigationLink: TRPCLink<AppRouter> =
  () =>
  ({ next, op }) =>
    observable((observer) => {
      let ended = false;
      let current = next(op).subscribe({
        next: (value) => observer.next(value),
        complete: () => {
          if (!ended) observer.complete();
        },
        error(error) {
          if (op.type !== "mutation" || !isAboutInvestigation(error)) return observer.error(error);
          ended = true;
          void askForReason(error.message).then((investigationReason) => {
            if (investigationReason === null) return observer.error(error);
            const input = { ...(op.input as object | undefined), investigationReason };
            current = next({ ...op, input }).subscribe(observer);
          });
        },
      });
      return () => current.unsubscribe();
    });
