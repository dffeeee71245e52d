import pino from "pino";

/** Structured log on stdout. Callers pass ids, counts and fingerprints; never tRPC input or output wholesale. */
export const log = pino({
  level: process.env.LOG_LEVEL ?? "info",
  base: { service: "caracal-console" },
  timestamp: pino.stdTimeFunctions.isoTime,
  redact: {
    paths: ["*.password", "*.token", "*.authorization", "*.cookie", "*.secret", "*.url"],
    censor: "[redacted]",
  },
});
