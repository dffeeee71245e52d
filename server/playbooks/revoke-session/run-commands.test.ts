import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { type CommandFacts, commandsFor } from "./run-commands";

const facts: CommandFacts = {
  zoneId: "zone-1",
  subjects: ["agent'; DROP TABLE sessions; --"],
  from: { kind: "session", id: "sid-1" },
  reason: `stolen $(touch x) "mandate"`,
  sample: { sid: "sid-1", entryId: "1700000000000-3" },
  groups: ["sts-revocation", "gateway-revocation"],
  gateways: [{ id: "gateway-1", url: "http://127.0.0.1:8081" }],
};
const words = (command: string): string[] =>
  execFileSync("/bin/sh", ["-c", `show() { printf '%s\\0' "$@"; }; psql() { show "$@"; }; ${command}`], {
    encoding: "utf8",
    env: { ...process.env, CARACAL_DATABASE_URL: "postgres://there" },
  }).split("\0");

describe("the same by hand", () => {
  it("survives a shell and SQL whole, whatever subject and reason hold", () => {
    const revoke = commandsFor(facts).find((one) => one.step === "revoke");
    const [address, flag, sql] = words(revoke?.command ?? "");
    expect([address, flag]).toEqual(["postgres://there", "-c"]);
    expect(sql).toContain(
      `subject_id = 'agent''; DROP TABLE sessions; --' AND status = 'active' AND expires_at > now()`,
    );
    expect(sql).toContain(`'stolen $(touch x) "mandate"'`);
    expect(sql).toContain("INSERT INTO event_outbox");
    expect(sql).toContain("UPDATE agent_sessions SET status = 'terminated', terminated_at = now()");
  });

  it("asks every group and gateway for this run's own entry", () => {
    const text = commandsFor(facts).map((one) => one.command);
    const has = (part: string) => expect(text.some((command) => command.includes(part))).toBe(true);
    has("XINFO GROUPS caracal.sessions.revoke");
    has("XRANGE caracal.sessions.revoke 1700000000000-3 1700000000000-3");
    for (const group of facts.groups)
      has(`XPENDING caracal.sessions.revoke ${group} 1700000000000-3 1700000000000-3 1`);
    has("EXISTS caracal:revoked:sessions:sid-1");
    has("http://127.0.0.1:8081/metrics");
  });

  it("shows how the subject was found, from a session or an event, and nothing when it was given", () => {
    const identify = (from: CommandFacts["from"]) =>
      commandsFor({ ...facts, from })
        .filter((one) => one.step === "identify")
        .map((one) => one.command);
    expect(identify({ kind: "session", id: "sid-1" }).join()).toContain("FROM sessions WHERE id");
    expect(identify({ kind: "event", id: "ev-1" }).join()).toContain("FROM audit_events WHERE id");
    expect(identify({ kind: "subject", id: "x" })).toEqual([]);
  });

  it("never holds a secret or an address with a password", () => {
    const text = commandsFor(facts)
      .map((one) => one.command)
      .join("\n");
    expect(text).toContain('"$CARACAL_DATABASE_URL"');
    expect(text).toContain('"$CARACAL_REDIS_URL"');
    expect(text).not.toMatch(/postgres:\/\/|redis:\/\//);
  });
});
