import { expect, test } from "vitest";
import { freshCaracalDatabase } from "@/sandbox/engines/test-databases";
import { sessionStates } from "@/server/caracal/sessions-read";
import { openDatabase } from "@/server/platform/postgres";

test("every session that is asked for is looked at, however many are asked for at once", async () => {
  const caracal = await freshCaracalDatabase({ seed: "none" });
  const owner = openDatabase({ url: caracal.ownerUrl, label: "owner", max: 1, statementTimeoutMs: 60_000 });
  try {
    await owner.query(
      "INSERT INTO zones (id, org_id, name, slug, dek_ciphertext) VALUES ('z', 'org', 'Z', 'z', '\\x00')",
    );
    await owner.query(
      `INSERT INTO sessions (id, zone_id, session_type, subject_id, status, expires_at)
       SELECT 'session-' || n, 'z', 'user', 'subject', CASE WHEN n % 2 = 0 THEN 'revoked' ELSE 'active' END, now() + interval '1 hour'
         FROM generate_series(1, 1200) AS n`,
    );
    const ids = Array.from({ length: 1_300 }, (_, at) => `session-${at + 1}`);
    const states = await sessionStates(owner, ids);
    expect(states.size).toBe(1_200);
    expect([states.get("session-1200"), states.get("session-1199"), states.get("session-1201")]).toEqual([
      "revoked",
      "live",
      undefined,
    ]);
  } finally {
    await owner.close();
    await caracal.drop();
  }
}, 60_000);
