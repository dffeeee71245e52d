/** Ends the process on SIGTERM and SIGINT, after `before` has run. The services keep nothing that needs more. */
export function exitOnSignal(before: () => Promise<void> | void = () => undefined): void {
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.once(signal, () => {
      Promise.resolve(before()).finally(() => process.exit(0));
    });
}
