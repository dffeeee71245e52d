import { expect, test } from "vitest";
import { keptMediaType, safeFileName } from "@/server/incidents/media-types";

const bytes = (text: string) => new TextEncoder().encode(text);
const png = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1]);

test("what is declared must be allowed, and what its bytes say", () => {
  expect(keptMediaType("image/png", png)).toBe("image/png");
  expect(keptMediaType("IMAGE/PNG; charset=x", png)).toBe("image/png");
  expect(keptMediaType("image/jpeg", png)).toBeNull();
  expect(keptMediaType("image/png", bytes("<script>"))).toBeNull();
  expect(keptMediaType("image/png", png.subarray(0, 4))).toBeNull();
  expect(keptMediaType("text/plain", bytes("zeile\nÜ"))).toBe("text/plain");
  expect(keptMediaType("text/plain", png)).toBeNull();
  expect(keptMediaType("text/plain", bytes("a\u0000b"))).toBeNull();
  expect(keptMediaType("application/json", bytes('{"a":1}'))).toBe("application/json");
  expect(keptMediaType("application/json", bytes("{"))).toBeNull();
  expect(keptMediaType("", bytes("line"), "sts.log")).toBe("text/plain");
  expect(keptMediaType("", bytes("line"), "sts.html")).toBeNull();
  expect(keptMediaType("image/webp", bytes("RIFF1234WEBPVP8 "))).toBe("image/webp");
  expect(keptMediaType("image/webp", bytes("RIFF1234WAVE"))).toBeNull();
  for (const never of ["text/html", "image/svg+xml", "application/javascript", "", "__proto__", "constructor"])
    expect(keptMediaType(never, bytes("<svg/>"))).toBeNull();
});

test("a name cannot leave its folder, hide its kind or break a header", () => {
  expect(safeFileName("../../etc/passwd", "text/plain")).toBe("passwd.txt");
  expect(safeFileName("C:\\logs\\sts 1.log", "text/plain")).toBe("sts-1.txt");
  expect(safeFileName('a"\r\nx: y.png', "image/png")).toBe("a-x-y.png");
  expect(safeFileName("invoice.pdf.exe", "application/pdf")).toBe("invoice.pdf.pdf");
  expect(safeFileName("…", "image/gif")).toBe("file.gif");
  expect(safeFileName("x".repeat(500), "text/csv")).toHaveLength(114);
});
