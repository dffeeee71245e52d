import type { Deployment } from "@/sandbox/supervisor/deployment";

export type Drill = {
  /** What it does, what to look for, and how to end it. */
  readonly summary: string;
  run(deployment: Deployment): Promise<void>;
};
