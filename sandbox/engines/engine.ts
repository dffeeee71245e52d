/** A server of the sandbox on a port that stays the same over stop and start. */
export type Engine = {
  /** postgres://… with the superuser, or redis://… */
  readonly url: string;
  /** Ends it in an orderly way; connections are cut, data is kept. Does nothing when it is not running. */
  stop(): Promise<void>;
  /** Starts it again on the same port with the same data, and waits until it answers. */
  start(): Promise<void>;
  /** Freezes it: connections stay open and nothing answers. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
  /** Stops it for good and removes its data. */
  dispose(): Promise<void>;
};
