/** What is anchored. `waiting`: anchorings that the place does not have yet. */
export type AnchorsView = {
  readonly newest: { readonly n: number; readonly at: string; readonly by: string; readonly zones: number } | null;
  readonly places: readonly {
    readonly place: "file" | "webhook";
    readonly waiting: number;
    readonly triedAt: string | null;
    readonly problem: string | null;
  }[];
};
