/**
 * Ends the process quietly when whoever reads its output stops reading, as `| head` does: with 141, as a shell says of a command that a closed
 * pipe ended, so that nobody takes what was not read to its end for a verdict.
 */
export function endWithReader(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(141);
  });
}
