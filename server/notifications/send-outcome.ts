export type SendContext = {
  readonly allowHosts: readonly string[];
  readonly deployment: string;
  readonly timeoutMs: number;
};

/** What came of one attempt. `again`: worth another try; `afterSeconds` is what the receiver asked for. */
export type SendOutcome =
  | { readonly sent: true; readonly detail: string }
  | { readonly sent: false; readonly again: boolean; readonly detail: string; readonly afterSeconds?: number };
