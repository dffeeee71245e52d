import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Deployment } from "@/sandbox/supervisor/deployment";
import { drills } from "@/sandbox/supervisor/drills";
import { messageOf } from "@/server/platform/errors";

export type Control = { readonly url: string; readonly token: string; close(): Promise<void> };

/** What a runtime adapter asks of one service: `/services/<name>/logs?lines=N`, `/restart`, `/status`. */
async function serve(deployment: Deployment, path: string): Promise<{ status: number; body: object }> {
  const url = new URL(path, "http://control");
  const [, , name = "", verb] = url.pathname.split("/");
  if (!deployment.services.some((service) => service.name === name))
    return { status: 404, body: { problem: "There is no service of that name." } };
  const service = deployment.service(name);
  const lines = Number(url.searchParams.get("lines") ?? 200);
  if (verb === "logs") return { status: 200, body: { said: service.said().split("\n").slice(-lines).join("\n") } };
  if (verb === "status") {
    const since = service.runsSince();
    return {
      status: 200,
      body: { said: since === null ? `${name} does not run` : `${name} runs since ${since.toISOString()}` },
    };
  }
  if (verb !== "restart") return { status: 404, body: { problem: "It can be asked for logs, status or restart." } };
  await service.resume();
  await service.restart();
  return { status: 200, body: { said: `${name} was restarted` } };
}

/**
 * Takes `POST /drills/<name>` with a bearer token on a free loopback port, one drill at a time; answers JSON
 * `{said}` (200), or `{problem}` (401, 404, 500). `POST /services/<name>/<verb>` is what the console's runtime adapter asks.
 */
export async function startControl(deployment: Deployment): Promise<Control> {
  const token = randomBytes(24).toString("hex");
  let last: Promise<unknown> = Promise.resolve();

  const answer = async (path: string, given: string | undefined): Promise<{ status: number; body: object }> => {
    if (given !== `Bearer ${token}`) return { status: 401, body: { problem: "The token is wrong." } };
    if (path.startsWith("/services/"))
      return serve(deployment, path).catch((error: unknown) => ({ status: 500, body: { problem: messageOf(error) } }));
    const drill = drills[path.replace(/^\/drills\//, "")];
    if (drill === undefined) return { status: 404, body: { problem: "There is no drill of that name." } };
    const running = last.then(() => drill.run(deployment));
    last = running.catch(() => undefined);
    try {
      await running;
      return { status: 200, body: { said: drill.summary } };
    } catch (error) {
      return { status: 500, body: { problem: messageOf(error) } };
    }
  };
  const server = createServer(async (request, response) => {
    const posted = request.method === "POST";
    const { status, body } = posted
      ? await answer(request.url ?? "", request.headers.authorization)
      : { status: 405, body: { problem: "POST only." } };
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    token,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The settings that let a console restart the stand-in's services and read their logs. */
export const runtimeSettings = (control: Control, deployment: Deployment): Readonly<Record<string, string>> => ({
  RUNTIME_ADAPTER: "process",
  RUNTIME_PROCESS_URL: control.url,
  RUNTIME_PROCESS_TOKEN: control.token,
  RUNTIME_SERVICES: deployment.services
    .map(({ name }) => name)
    .filter((name) => /^(sts|gateway|api|audit|coordinator)-\d+$/.test(name))
    .map((name) => `${name}=${name}`)
    .join(","),
});
