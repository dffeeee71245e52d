import { describe, expect, it, vi } from "vitest";
import { DomainError, messageOf } from "./errors";

describe("DomainError", () => {
  it("is known to a second copy of this module, as Next loads it", async () => {
    vi.resetModules();
    const other = await import("./errors");
    expect(other.DomainError).not.toBe(DomainError);
    expect(new other.DomainError("conflict", "Somebody was quicker.")).toBeInstanceOf(DomainError);
  });

  it("is not every error, nor whatever has the same name", () => {
    expect(new Error("x")).not.toBeInstanceOf(DomainError);
    expect({ name: "DomainError", code: "conflict" }).not.toBeInstanceOf(DomainError);
    expect(null).not.toBeInstanceOf(DomainError);
  });

  it("gives the text of errors that hide theirs in a list", () => {
    expect(messageOf(new AggregateError([new Error("a refused"), new Error("b refused")]))).toBe(
      "a refused; b refused",
    );
    expect(messageOf("plain")).toBe("plain");
  });
});
