import type { ByteRange } from "@/server/evidence/vault/store";

/**
 * The one range that a request asks for (RFC 9110, section 14), of a file of `size` bytes: null for the whole, "unsatisfiable" for 416. Several
 * ranges, other units and what cannot be read count as the whole, as the RFC lets a server do. With If-Range only when it names this very file.
 */
export function byteRangeOf(
  headers: { readonly range: string | null; readonly ifRange: string | null },
  etag: string,
  size: number,
): ByteRange | "unsatisfiable" | null {
  if (headers.range === null || (headers.ifRange !== null && headers.ifRange !== etag)) return null;
  const parts = /^bytes=(\d*)-(\d*)$/.exec(headers.range.trim());
  if (parts === null) return null;
  const [, first = "", last = ""] = parts;
  if (first === "" && last === "") return null;
  if (first === "") {
    const length = Math.min(Number(last), size);
    return length === 0 ? "unsatisfiable" : { from: size - length, to: size - 1 };
  }
  const from = Number(first);
  const to = last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== "" && Number(last) < from) return null;
  return from >= size ? "unsatisfiable" : { from, to };
}
