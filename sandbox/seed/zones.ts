import { generateKeyPairSync, randomBytes } from "node:crypto";
import { seal, sealPacked } from "@/sandbox/encoding/seal";
import { uuidV7 } from "@/sandbox/encoding/uuid-v7";
import { hashClientSecret, seededSecret } from "@/sandbox/services/shared/client-secret";
import type { Cell } from "./copy-rows";
import type { Random } from "./random";
import { dayMs, minuteMs } from "./sizes";

type Row = Readonly<Record<string, Cell>>;
export type SeededZone = {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly applications: readonly string[]; // ids, the first is never archived
  readonly resources: readonly string[]; // identifiers
  readonly resourceIds: readonly string[];
  readonly providers: readonly string[]; // ids
  readonly policyVersion: string;
  readonly signingKeys: readonly string[]; // secrets.id, oldest version first
};
export type ZoneTables = Record<
  "zones" | "applications" | "providers" | "resources" | "policy_set_bindings" | "secrets",
  Row[]
>;

const names = [
  "Payments",
  "Support",
  "Ledger",
  "Checkout",
  "Fraud",
  "Onboarding",
  "Treasury",
  "Notifications",
  "Search",
  "Analytics",
  "Identity",
  "Billing",
  "Logistics",
  "Inventory",
  "Marketing",
  "Partner API",
  "Mobile",
  "Internal tools",
  "Data platform",
  "Labs",
];
const applicationKinds = ["agent", "worker", "connector"];
const resourceKinds = ["ledger", "é&<mail>", "reports"];

const slugOf = (name: string): string => name.toLowerCase().replaceAll(" ", "-");

function signingKey(kek: Buffer): { ciphertext: Buffer; nonce: Buffer } {
  const { privateKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    privateKeyEncoding: { type: "sec1", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  return seal(kek, Buffer.from(privateKey));
}

/** Zones with all that hangs on them: applications, resources, sealed provider configurations, policies and one to three
 * signing key versions each; the last zone has no key at all, as zones made through the API have none. */
export function makeZones(
  count: number,
  now: number,
  kek: Buffer,
  random: Random,
): { zones: SeededZone[]; tables: ZoneTables } {
  const tables: ZoneTables = {
    zones: [],
    applications: [],
    providers: [],
    resources: [],
    policy_set_bindings: [],
    secrets: [],
  };
  const zones = names.slice(0, count).map((name, index): SeededZone => {
    const born = now - (120 + index) * dayMs;
    const at = new Date(born);
    const id = uuidV7(born);
    const slug = slugOf(name);
    tables.zones.push({
      id,
      org_id: "acme",
      name,
      slug,
      dek_ciphertext: randomBytes(32),
      created_at: at,
      updated_at: at,
    });

    const applications = applicationKinds.map((kind, place) => {
      const application = uuidV7(born + place + 1);
      const archived = place === 2 && index % 5 === 4 ? new Date(now - 3 * dayMs) : null;
      tables.applications.push({
        id: application,
        zone_id: id,
        name: `${slug}-${kind}`,
        credential_type: "password",
        client_secret_hash: hashClientSecret(seededSecret(application)),
        archived_at: archived,
        created_at: at,
        updated_at: archived ?? at,
      });
      return application;
    });

    const providers = (index % 2 === 0 ? ["stripe", "github"] : ["google"]).map((kind, place) => {
      const provider = uuidV7(born + place + 10);
      const secret = seal(kek, Buffer.from(JSON.stringify({ client_secret: `${kind}-${slug}` })));
      tables.providers.push({
        id: provider,
        zone_id: id,
        name: kind,
        identifier: kind,
        config_json: JSON.stringify({ kind: "oauth2", authorize_url: `https://${kind}.example/auth` }),
        client_id: `${kind}-client`,
        secret_config_ct: secret.ciphertext,
        secret_config_nonce: secret.nonce,
        secret_config_keys: ["client_secret"],
        created_at: at,
        updated_at: at,
      });
      return provider;
    });

    const resources = resourceKinds.map((kind, place) => ({
      id: uuidV7(born + place + 20),
      identifier: `resource://${slug}/${kind}`,
    }));
    for (const resource of resources)
      tables.resources.push({
        id: resource.id,
        zone_id: id,
        name: resource.identifier,
        identifier: resource.identifier,
        upstream_url: `http://127.0.0.1:9/${slug}/`,
        scopes: ["read", "write"],
        created_at: at,
        updated_at: at,
      });

    const policyVersion = uuidV7(now - 9 * dayMs);
    tables.policy_set_bindings.push({
      zone_id: id,
      policy_set_id: uuidV7(born + 30),
      active_version_id: policyVersion,
    });

    const versions = index === count - 1 ? 0 : 1 + random.below(3);
    const signingKeys = Array.from({ length: versions }, (_, place) => {
      const key = uuidV7(born + 40 + place);
      const made = new Date(now - (versions - place) * 20 * dayMs + minuteMs * index);
      const shared = { zone_id: id, entity_id: id, name: "zone_signing_key", type: "token", dek_id: "local" };
      tables.secrets.push({
        id: key,
        ...shared,
        ...signingKey(kek),
        version: place + 1,
        created_at: made,
        updated_at: made,
      });
      return key;
    });

    return {
      id,
      name,
      slug,
      applications,
      resources: resources.map((resource) => resource.identifier),
      resourceIds: resources.map((resource) => resource.id),
      providers,
      policyVersion,
      signingKeys,
    };
  });
  return { zones, tables };
}

/** A provider grant of one user, its tokens sealed in the packed form. */
export function makeGrant(zone: SeededZone, user: string, now: number, kek: Buffer): Row {
  const id = uuidV7(now - dayMs);
  const at = new Date(now - dayMs);
  return {
    id,
    zone_id: zone.id,
    application_id: zone.applications[0] ?? "",
    user_id: user,
    resource_id: zone.resourceIds[0] ?? "",
    provider_id: zone.providers[0] ?? "",
    scopes: ["read"],
    status: "active",
    access_token_ct: sealPacked(kek, Buffer.from(`access-${id}`)),
    refresh_token_ct: sealPacked(kek, Buffer.from(`refresh-${id}`)),
    expires_at: new Date(now + 60 * minuteMs),
    created_at: at,
    updated_at: at,
  };
}
