import { expect, it } from "vitest";
import { withoutCredentials } from "./without-credentials";

it("keeps the address and drops who signs in to it", () => {
  expect(withoutCredentials("connect postgres://user:hunter2@db:5432/x refused; rediss://:p%40ss@cache/0 too")).toBe(
    "connect postgres://(hidden)@db:5432/x refused; rediss://(hidden)@cache/0 too",
  );
  expect(withoutCredentials("http://db/x and a@b.example")).toBe("http://db/x and a@b.example");
});
