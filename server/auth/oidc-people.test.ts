import { describe, expect, test } from "vitest";
import { parseRoleMap, rolesOfGroups } from "@/server/auth/oidc-people";

const map = parseRoleMap("oncall=responder, secops=security,oncall=viewer,cn=ops,dc=x=admin,typo=root,=viewer");

describe("groups to roles", () => {
  test.each([
    [["oncall"], ["viewer", "responder"]],
    [
      ["secops", "oncall", "oncall"],
      ["viewer", "responder", "security"],
    ],
    ["oncall", ["viewer", "responder"]],
    [["dc=x"], ["admin"]],
    [["typo", "unknown"], []],
    [[""], []],
    [undefined, []],
    [null, []],
    [{ oncall: true }, []],
    [[{ name: "oncall" }, 7], []],
  ])("%j grants %j", (claim, roles) => {
    expect(rolesOfGroups(claim, map)).toEqual(roles);
  });
});
