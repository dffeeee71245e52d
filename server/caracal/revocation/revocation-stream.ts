/** The stream that carries revocations, its bound and the two groups that must always have read it (contract sections 2 and 3). */
export const revocationStream = "caracal.sessions.revoke";
export const publishBound = 100_000; // XADD … MAXLEN ~ 100000, as the API's dispatcher does
export const alwaysRequiredGroups = ["sts-revocation", "gateway-revocation"] as const;
export const resourceGroup = "resource-revocation";
export const resourceKey = (sid: string) => `caracal:revoked:sessions:${sid}`;
export const leaseSeconds = 30;
