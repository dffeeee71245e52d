export type Size = "full" | "small";
export type Amounts = {
  readonly zones: number;
  readonly sessions: number;
  readonly subjects: number;
  readonly events: number;
  readonly onStream: number;
};

export const amounts: Readonly<Record<Size, Amounts>> = {
  full: { zones: 20, sessions: 5_000, subjects: 400, events: 50_000, onStream: 2_000 },
  small: { zones: 4, sessions: 200, subjects: 20, events: 1_000, onStream: 200 },
};

export const days = 40;
export const dayMs = 24 * 60 * 60_000;
export const minuteMs = 60_000;
