import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Engine } from "@/sandbox/engines/engine";
import { freePort } from "@/sandbox/engines/free-port";

/**
 * A server that somebody else runs, reached through a relay on a port of our own: so that it can be "stopped",
 * "killed" and "frozen" for us without touching it.
 */
export async function givenEngine(givenUrl: string, standardPort: number): Promise<Engine> {
  const target = new URL(givenUrl);
  const port = await freePort();
  const sockets = new Set<Socket>();
  let relay: Server | undefined;
  let frozen = false;

  const open = (client: Socket) => {
    const upstream = connect(Number(target.port || standardPort), target.hostname);
    for (const [side, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(side);
      side.setNoDelay(true);
      side.on("error", () => other.destroy());
      side.on("close", () => {
        sockets.delete(side);
        other.destroy();
      });
      side.pipe(other);
      if (frozen) side.pause();
    }
  };

  const stop = async () => {
    const running = relay;
    relay = undefined;
    frozen = false;
    for (const socket of sockets) socket.destroy();
    if (running !== undefined) await new Promise<void>((resolve) => running.close(() => resolve()));
  };
  const start = async () => {
    if (relay !== undefined) return;
    relay = createServer(open).listen(port, "127.0.0.1");
    await once(relay, "listening");
  };
  await start();

  const url = new URL(givenUrl);
  url.hostname = "127.0.0.1";
  url.port = String(port);
  return {
    url: url.toString(),
    stop,
    start,
    kill: stop,
    dispose: stop,
    async pause() {
      frozen = true;
      for (const socket of sockets) socket.pause();
    },
    async resume() {
      frozen = false;
      for (const socket of sockets) socket.resume();
    },
  };
}
