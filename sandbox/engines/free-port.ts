import { randomInt } from "node:crypto";
import { createServer } from "node:net";

const taken = new Set<number>();

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * A free loopback port below the range from which the system picks ports for outgoing connections, so that nothing
 * takes it while the server that owns it is stopped.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = randomInt(12_000, 32_000);
    if (taken.has(port)) continue;
    if (await listens(port)) {
      taken.add(port);
      return port;
    }
  }
  throw new Error("No free loopback port was found between 12000 and 32000.");
}
