import { createServer, connect, type Socket } from "node:net";
import type { AddressInfo } from "node:net";

export type CutProxy = {
  readonly url: string;
  /** Cuts every connection once this many bytes have gone towards the server, and takes no more; null: passes everything. */
  cutAfter(bytes: number | null): void;
  close(): Promise<void>;
};

/** A proxy on loopback in front of an HTTP server, that can be cut off in the middle of what is sent. */
export async function startCutProxy(target: string): Promise<CutProxy> {
  const { hostname, port } = new URL(target);
  const open = new Set<Socket>();
  let left: number | null = null;
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  const server = createServer((near) => {
    if (left !== null && left <= 0) return near.destroy();
    const far = connect(Number(port), hostname);
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        open.delete(socket);
        (socket === near ? far : near).destroy();
      });
    }
    near.on("data", (bytes: Buffer) => {
      if (left !== null) {
        left -= bytes.length;
        if (left <= 0) return cut();
      }
      if (!far.write(bytes)) {
        near.pause();
        far.once("drain", () => near.resume());
      }
    });
    far.pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cutAfter(bytes) {
      left = bytes;
    },
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
