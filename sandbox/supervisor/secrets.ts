import { randomBytes } from "node:crypto";

/** Made anew for every deployment of the stand-in; nothing outside it ever uses them. */
export type DeploymentSecrets = {
  readonly streamsHmacKey: string;
  readonly auditHmacKey: string;
  readonly zoneKek: string;
  readonly adminToken: string;
  readonly coordinatorToken: string;
};

const hex32 = () => randomBytes(32).toString("hex");

export const makeSecrets = (): DeploymentSecrets => ({
  streamsHmacKey: hex32(),
  auditHmacKey: hex32(),
  zoneKek: hex32(),
  adminToken: `admin-${hex32()}`,
  coordinatorToken: `coordinator-${hex32()}`,
});
