import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { at, beginPrograms, compose, endPrograms, kubernetes, program, seen } from "@/sandbox/service-stage/programs";

beforeEach(beginPrograms);
afterEach(endPrograms);

describe("compose", () => {
  test("logs, restart and status have fixed arguments, by container where the list says so", async () => {
    program("docker", `console.log("one\\ntwo")`);
    const adapter = compose();
    const base = ["compose", "--file", "/srv/caracal.yml", "--project-name", "caracal"];
    expect(await adapter.logs(at(adapter, "sts-2"), 50)).toEqual({ lines: ["one", "two"], cut: false });
    expect(seen().argv).toEqual([
      ...base,
      "logs",
      "--no-color",
      "--timestamps",
      "--tail",
      "50",
      "--index",
      "2",
      "--",
      "sts",
    ]);
    await adapter.restart(at(adapter, "sts-2"));
    expect(seen().argv).toEqual(["container", "restart", "-t", "20", "--", "caracal-sts-2"]);
    await adapter.restart(at(adapter, "gateway-1"));
    expect(seen().argv).toEqual([...base, "restart", "-t", "20", "--", "gateway"]);
    expect(adapter.commands(at(adapter, "sts-1")).status).toBe(
      "docker compose --file /srv/caracal.yml --project-name caracal ps --all -- sts",
    );
    expect(adapter.commands(at(adapter, "gateway-1")).restart).toBe(
      "docker compose --file /srv/caracal.yml --project-name caracal restart -t 20 -- gateway",
    );
  });

  test("the child sees where programs lie, and none of our secrets", async () => {
    program("docker", "");
    const adapter = compose("sts=sts", "tcp://docker.internal:2375");
    await adapter.runs(at(adapter, "sts-1"));
    expect(Object.keys(seen().env).sort()).toEqual(["DOCKER_HOST", "HOME", "LANG", "PATH"]);
  });

  test("replicas that share a target go along in its restart", () => {
    expect(at(compose("sts=sts"), "sts-1").replicas).toEqual(["sts-1", "sts-2"]);
    expect(at(compose(), "sts-1").replicas).toEqual(["sts-1"]);
  });
});

test("kubernetes: fixed arguments, and it says that a rollout takes the files along", async () => {
  program("kubectl", `console.log("ready")`);
  const adapter = kubernetes();
  const base = ["--kubeconfig", "/srv/kube", "--context", "prod", "--namespace", "auth"];
  await adapter.logs(at(adapter, "sts-1"), 20);
  expect(seen().argv).toEqual([
    ...base,
    "logs",
    "--all-pods=true",
    "--prefix",
    "--timestamps",
    "--tail=20",
    "--",
    "deployment/sts",
  ]);
  await adapter.restart(at(adapter, "sts-1"));
  expect(seen().argv).toEqual([...base, "rollout", "restart", "--", "deployment/sts"]);
  expect(adapter.commands(at(adapter, "sts-1")).status).toBe(
    "kubectl --kubeconfig /srv/kube --context prod --namespace auth rollout status --timeout=8s -- deployment/sts",
  );
  expect(adapter.keepsFiles).toBe(false);
  expect(compose().keepsFiles).toBe(true);
});

test("whether anything runs of what a restart would touch: by the service, by the one container, by what is ready", async () => {
  program("docker", `console.log("0123456789ab")`);
  expect(await compose().runs(at(compose(), "gateway-1"))).toBe(true);
  expect(seen().argv.slice(-4)).toEqual(["ps", "--quiet", "--", "gateway"]);
  program("docker", "");
  expect(await compose().runs(at(compose(), "sts-2"))).toBe(false);
  expect(seen().argv).toEqual(["container", "ls", "--quiet", "--filter", "name=^/caracal-sts-2$"]);
  for (const [said, runs] of [
    ["", false],
    ["0", false],
    ["2", true],
  ] as const) {
    program("kubectl", `process.stdout.write(${JSON.stringify(said)})`);
    expect(await kubernetes().runs(at(kubernetes(), "sts-1")), said).toBe(runs);
  }
  expect(seen().argv.slice(-4)).toEqual(["get", "--output=jsonpath={.status.readyReplicas}", "--", "deployment/sts"]);
  program("docker", "process.exit(1)");
  await expect(compose().runs(at(compose(), "sts-1"))).rejects.toThrow(/ended with code 1/); // not known is not stopped
});
