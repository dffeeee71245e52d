import { fileURLToPath } from "node:url";
import type { NextConfig } from "next";

const checkout = fileURLToPath(new URL(".", import.meta.url));

const config: NextConfig = {
  output: "standalone",
  outputFileTracingRoot: checkout, // a lockfile in a parent folder must not move server.js
  turbopack: { root: checkout },
  poweredByHeader: false,
  reactStrictMode: true,
  serverExternalPackages: ["pg", "pg-boss", "ioredis", "pino", "node-pg-migrate", "prom-client"],
  typescript: { ignoreBuildErrors: true },
  async headers() {
    return [
      {
        source: "/:path*",
        headers: [
          { key: "X-Content-Type-Options", value: "nosniff" },
          { key: "X-Frame-Options", value: "DENY" },
          { key: "Referrer-Policy", value: "same-origin" },
        ],
      },
    ];
  },
};

export default config;
