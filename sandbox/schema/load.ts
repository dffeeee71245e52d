import { readFile } from "node:fs/promises";
import { Client } from "pg";

/** Loads the stand-in's DDL (caracal.sql) into an empty database, as its owner. Throws what Postgres says when it is not empty. */
export async function loadCaracalSchema(ownerUrl: string): Promise<void> {
  const sql = await readFile(new URL("./caracal.sql", import.meta.url), "utf8");
  const client = new Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await client.query(sql); // one simple query: one transaction, all or nothing
  } finally {
    await client.end();
  }
}
