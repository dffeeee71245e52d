const holder = globalThis as typeof globalThis & { __caracalClosing?: AbortController };

/** Aborted once the process was told to end. One per process, like the console itself. */
export function closingSignal(): AbortSignal {
  holder.__caracalClosing ??= new AbortController();
  return holder.__caracalClosing.signal;
}

/** Tells every open stream to end. */
export function announceClosing(): void {
  closingSignal();
  holder.__caracalClosing?.abort();
}
