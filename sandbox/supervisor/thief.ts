import { createPrivateKey, randomUUID } from "node:crypto";
import { SignJWT } from "jose";
import { Client } from "pg";
import { openSeal } from "@/sandbox/encoding/seal";
import type { Deployment } from "@/sandbox/supervisor/deployment";

/**
 * What somebody does who has the KEK that the deployment was made with, and reads the database: opens a zone's newest signing key
 * and signs a per-call mandate for a session that never was. @throws when that KEK opens the key no more
 */
export async function forgeMandate(deployment: Deployment): Promise<string> {
  const zone = deployment.seeded.zones[0]?.id ?? "";
  const client = new Client({ connectionString: deployment.caracal.ownerUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ id: string; ciphertext: Buffer; nonce: Buffer }>(
      "SELECT id, ciphertext, nonce FROM secrets WHERE zone_id = $1 AND name = 'zone_signing_key' ORDER BY version DESC LIMIT 1",
      [zone],
    );
    const [newest] = rows;
    if (newest === undefined) throw new Error("The zone has no signing key.");
    const key = createPrivateKey(openSeal(Buffer.from(deployment.secrets.zoneKek, "hex"), newest));
    return await new SignJWT({
      sid: randomUUID(),
      zone_id: zone,
      client_id: "nobody",
      use: "per_call",
      resource: "any",
    })
      .setProtectedHeader({ alg: "ES256", kid: newest.id })
      .setIssuer("caracal-sts")
      .setSubject("a thief")
      .setJti(randomUUID())
      .setIssuedAt()
      .setExpirationTime("15m")
      .sign(key);
  } finally {
    await client.end();
  }
}

/** Calls each resource server with a mandate and gives their status codes. */
export const callWith = (deployment: Deployment, token: string): Promise<number[]> =>
  Promise.all(
    deployment.replicasOf("resource-server").map(async ({ url }) => {
      const answer = await fetch(`${url}/call`, {
        headers: { authorization: `Bearer ${token}` },
        signal: AbortSignal.timeout(5_000),
      });
      return answer.status;
    }),
  );
