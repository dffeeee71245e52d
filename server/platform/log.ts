import pino from "pino";

const asked = process.env.LOG_LEVEL ?? "info";

/** Structured log on stdout. Callers pass ids, counts and fingerprints; never tRPC input or output wholesale. */
export const log = pino({
  level: Object.hasOwn(pino.levels.values, asked) ? asked : "info", // what is wrong with it the settings say, in their words
  base: { service: "caracal-console" },
  timestamp: pino.stdTimeFunctions.isoTime,
  redact: {
    paths: ["*.password", "*.token", "*.authorization", "*.cookie", "*.secret", "*.url"],
    censor: "[redacted]",
  },
});
