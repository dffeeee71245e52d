import { expect, test } from "vitest";
import { askedHere, sameOrigin } from "@/server/auth/same-origin";

test.each([
  [{ host: "console:3000", origin: "http://console:3000", "sec-fetch-site": "same-origin" }, true],
  [{ host: "console:3000", origin: "http://console:3000" }, true],
  [{ host: "10.0.0.1:3000", "x-forwarded-host": "console.example", origin: "https://console.example" }, true],
  [{ host: "console:3000", "sec-fetch-site": "same-origin" }, true],
  [{ host: "console:3000", origin: "http://console:3001" }, false],
  [{ host: "console:3000", origin: "http://console:3000", "sec-fetch-site": "same-site" }, false],
  [{ host: "console:3000", origin: "https://evil.example", "sec-fetch-site": "cross-site" }, false],
  [{ host: "console:3000", origin: "null" }, false],
  [{ host: "console:3000" }, false],
])("%j → %s", (headers, ours) => {
  expect(sameOrigin({ headers: new Headers(Object.entries(headers)) })).toBe(ours);
});

test.each([
  [{ "sec-fetch-site": "same-origin" }, true],
  [{ "sec-fetch-site": "none" }, true],
  [{ "sec-fetch-site": "cross-site", referer: "http://console:3000/x" }, false],
  [{ "sec-fetch-site": "same-site" }, false],
  [{ referer: "http://console:3000/incidents" }, true],
  [{ referer: "http://evil.example/console:3000" }, false],
  [{}, true],
])("a download with %o is asked for here: %s", (headers, here) => {
  expect(askedHere(new Headers({ host: "console:3000", ...headers }))).toBe(here);
});
