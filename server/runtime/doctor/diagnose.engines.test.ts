import { chmodSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type DoctorStage, found, notOk, openDoctorStage } from "@/sandbox/doctor-stage/stage";
import { openDatabase } from "@/server/platform/postgres";

let on: DoctorStage;
beforeAll(async () => {
  on = await openDoctorStage();
});
beforeEach(() => on.begin());
afterEach(() => on.end());
afterAll(() => on?.close());

describe("the doctor", () => {
  it("finds nothing to fix where nothing is wrong, so grants.sql and its own table agree", async () => {
    const findings = await on.examine();
    expect(notOk(findings)).toEqual([]);
    const names = findings.map(({ name }) => name);
    for (const name of [
      "settings",
      "migrations",
      "grants",
      "audit tables",
      "least privilege",
      "clocks",
      "sts-2",
      "release",
    ])
      expect(names).toContain(name);
  });

  it("says what stands in the way of preserving evidence: no place, a folder that is not there or open to others, a bucket that does not answer", async () => {
    const [none] = found(await on.examine({ EVIDENCE_FOLDER: "" }), "vault");
    expect(none).toMatchObject({ status: "warn", fix: "Set one or both." });
    const away = await on.examine({
      EVIDENCE_FOLDER: join(on.vault, "absent"),
      EVIDENCE_S3_BUCKET: "b",
      EVIDENCE_S3_ENDPOINT: "http://127.0.0.1:1",
      POSTGRES_LOG_FOLDER: join(on.vault, "absent"),
    });
    for (const name of ["vault folder", "vault bucket", "postgres logs"])
      expect(found(away, name)).toMatchObject([{ status: "fail" }]);
    chmodSync(on.vault, 0o755);
    expect(found(await on.examine(), "vault folder")).toMatchObject([{ status: "warn" }]);
    chmodSync(on.vault, 0o700);
  });

  it("names each grant that is missing and what does not work without it", async () => {
    await on.owner.query("REVOKE UPDATE (status) ON sessions FROM caracal_console");
    await on.owner.query("REVOKE SELECT ON audit_events FROM caracal_console");
    const [grants] = found(await on.examine(), "grants");
    expect(grants).toMatchObject({ status: "fail", fix: expect.stringContaining("deploy/grants.sql") });
    expect(grants?.found).toBe(
      "caracal_console may not UPDATE sessions (status) and SELECT audit_events. So nothing can be revoked and evidence cannot be searched.",
    );
  });

  it.each([
    ["UPDATE (decision) ON audit_events", "UPDATE audit_events"],
    ["INSERT ON audit_ingest_alerts", "INSERT audit_ingest_alerts"],
    ["UPDATE (last_exported_hour) ON audit_export_watermark", "UPDATE audit_export_watermark"],
    ["DELETE ON admin_audit_events", "DELETE admin_audit_events"],
    ["TRUNCATE ON audit_events_default", "TRUNCATE audit_events_default"],
  ])("a role that may %s fails: the console must not write what it judges", async (grant, named) => {
    await on.owner.query(`GRANT ${grant} TO caracal_console`);
    const [audit] = found(await on.examine(), "audit tables");
    expect(audit).toMatchObject({ status: "fail", found: expect.stringContaining(named) });
  });

  it("warns of a role that may do more than it needs", async () => {
    await on.owner.query("GRANT INSERT ON sessions TO caracal_console");
    await on.owner.query("GRANT UPDATE (decision), DELETE ON audit_events TO caracal_console");
    await on.owner.query("GRANT SELECT ON applications TO caracal_console");
    const findings = await on.examine();
    const [least] = found(findings, "least privilege");
    expect(least?.status).toBe("warn");
    for (const what of [
      "DELETE audit_events",
      "INSERT sessions (id",
      "UPDATE audit_events (decision)",
      "client_secret_hash",
    ])
      expect(least?.found).toContain(what);
    expect(found(findings, "grants")).toMatchObject([{ status: "ok" }]);
  });

  it("warns of Caracal's own role, which owns the tables", async () => {
    const [least] = found(await on.examine({ CARACAL_DATABASE_URL: on.caracal.ownerUrl }), "least privilege");
    expect(least).toMatchObject({
      status: "warn",
      found: expect.stringContaining("caracal_owner has more than it needs: it owns"),
    });
  });

  it("tells each replica that is away or not ready, and a refused coordinator's token", async () => {
    const url = on.environment.CARACAL_API_URLS?.replace("/api", "") ?? "";
    const away = "http://someone:hush-hush@127.0.0.1:1";
    const findings = await on.examine({
      CARACAL_STS_URLS: `${url}/sts,${away}`,
      CARACAL_GATEWAY_URLS: `${url}/down`,
      CARACAL_COORDINATOR_TOKEN: "a-stale-token",
    });
    expect(found(findings, "sts-1")).toMatchObject([{ status: "ok" }]);
    expect(found(findings, "sts-2")).toMatchObject([
      { status: "fail", fix: expect.stringContaining("CARACAL_STS_URLS") },
    ]);
    expect(found(findings, "gateway-1")).toMatchObject([
      { status: "fail", found: expect.stringContaining("redis unavailable") },
    ]);
    expect(found(findings, "coordinator token")).toMatchObject([{ status: "fail" }]);
    for (const secret of ["hush-hush", "a-stale-token"]) expect(JSON.stringify(findings)).not.toContain(secret);
  });

  it("warns of a console that runs as the owner of its tables, and names what a running role may not write", async () => {
    const asOwner = found(await on.examine({ CONSOLE_DATABASE_URL: on.own.migrateUrl }), "console role");
    expect(asOwner).toMatchObject([{ status: "warn", found: expect.stringContaining("owns ") }]);
    const history = openDatabase({ url: on.own.migrateUrl, label: "owner", max: 1, statementTimeoutMs: 5_000 });
    try {
      await history.query("REVOKE INSERT ON playbook_log FROM console_app");
      expect(found(await on.examine(), "console role")).toMatchObject([
        { status: "fail", found: "console_app may not read and write playbook_log." },
      ]);
    } finally {
      await history.query("GRANT INSERT ON playbook_log TO console_app");
      await history.close();
    }
  });

  it("does not take a later release for one it knows", async () => {
    await on.owner.query("CREATE TABLE authority_records (id text)");
    const findings = await on.examine();
    expect(found(findings, "release")).toMatchObject([
      { status: "fail", found: expect.stringContaining("does not know that release yet") },
    ]);
    expect(found(findings, "grants")).toMatchObject([{ status: "skipped" }]);
  });

  it("names migrations that are not applied, and a console database that is away", async () => {
    const history = openDatabase({ url: on.own.migrateUrl, label: "owner", max: 1, statementTimeoutMs: 5_000 });
    try {
      await history.query("UPDATE migrations SET name = 'x' || name WHERE name LIKE '0002%'");
      expect(found(await on.examine(), "migrations")).toMatchObject([
        { status: "fail", found: "Not applied yet: 0002_playbooks.", fix: expect.stringContaining("npm run migrate") },
      ]);
    } finally {
      await history.query("UPDATE migrations SET name = substr(name, 2) WHERE name LIKE 'x%'");
      await history.close();
    }
    expect(notOk(await on.examine())).toEqual([]);
    const findings = await on.examine({ CONSOLE_DATABASE_URL: "postgres://console:hush-hush@127.0.0.1:1/console" });
    expect(found(findings, "console database")).toMatchObject([{ status: "fail" }]);
    expect(found(findings, "migrations")).toMatchObject([{ status: "skipped" }]);
    expect(JSON.stringify(findings)).not.toContain("hush-hush");
  });
});
