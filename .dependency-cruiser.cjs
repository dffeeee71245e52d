/** Layering (README, the map): app → components, server/trpc; routers → domain → caracal → platform. */
const server = "^server/";
const rule = (name, comment, from, to) => ({ name, severity: "error", comment, from, to });

module.exports = {
  forbidden: [
    rule(
      "no-circular",
      "a cycle hides which side owns the idea",
      {},
      { circular: true, dependencyTypesNot: ["type-only"] },
    ),
    rule(
      "product-not-sandbox",
      "the stand-in is never part of the product",
      { path: "^(app|components|server)/", pathNot: "\\.test\\.tsx?$" },
      { path: "^(sandbox|e2e|bench|scripts)/" },
    ),
    rule(
      "components-browser-safe",
      "components take from server only schemas, machines, tables of policies and playbooks, and types",
      { path: "^components/", pathNot: "\\.test\\.tsx?$" },
      {
        path: server,
        pathNot: "(schemas|machine|policy|catalogue|snapshot|roles|commands|severity|units)\\.ts$",
        dependencyTypesNot: ["type-only"],
      },
    ),
    rule(
      "app-through-trpc",
      "pages reach the server through trpc, auth and platform seams only",
      { path: "^app/" },
      {
        path: server,
        pathNot:
          "^server/(trpc|auth|runtime)/|^server/routers/app-router|(schemas|machine|policy|catalogue|snapshot|roles|severity)\\.ts$",
        dependencyTypesNot: ["type-only"],
      },
    ),
    rule(
      "domain-knows-no-framework",
      "domain code knows no Next, tRPC or React",
      {
        path: "^server/(?!auth/|trpc/|routers/|runtime/)",
      },
      { path: "node_modules/(next|next-auth|@trpc/[^/]+|react|react-dom)/" },
    ),
    rule(
      "domain-not-routers",
      "imports point from routers to domain",
      {
        path: "^server/(?!trpc/|routers/|runtime/)",
      },
      { path: "^server/(routers|trpc)/" },
    ),
    rule(
      "caracal-is-a-leaf",
      "only platform stands below the deployment's adapter",
      { path: "^server/caracal/" },
      { path: "^server/(?!caracal/|platform/)", dependencyTypesNot: ["type-only"] },
    ),
    rule(
      "platform-is-a-leaf",
      "platform knows no domain",
      { path: "^server/platform/" },
      { path: "^server/(?!platform/)" },
    ),
    rule(
      "redis-and-pg-in-few-hands",
      "drivers are opened in caracal, db and jobs only",
      { path: "^server/", pathNot: "^server/(caracal|db|jobs|platform|auth)/|\\.test\\.ts$" },
      { path: "node_modules/(ioredis|pg)/", dependencyTypesNot: ["type-only"] },
    ),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)\\.next/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
    },
  },
};
