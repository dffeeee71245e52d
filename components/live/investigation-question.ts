/** A refused act that waits for its reason: what the server said, and where the answer goes. */
export type InvestigationQuestion = { readonly refusal: string; readonly answer: (reason: string | null) => void };

let open: readonly InvestigationQuestion[] = [];
const listeners = new Set<() => void>();

function change(to: readonly InvestigationQuestion[]): void {
  open = to;
  for (const listener of listeners) listener();
}

/** Puts the question on the screen; null: the person leaves the act. Several wait in line. */
export function askForReason(refusal: string): Promise<string | null> {
  return new Promise((resolve) => {
    const question: InvestigationQuestion = {
      refusal,
      answer: (reason) => {
        change(open.filter((one) => one !== question));
        resolve(reason);
      },
    };
    change([...open, question]);
  });
}

/** For `useSyncExternalStore`. */
export const investigationQuestions = {
  subscribe: (listener: () => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
  first: (): InvestigationQuestion | null => open[0] ?? null,
};
