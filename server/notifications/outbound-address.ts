import { lookup as systemLookup } from "node:dns/promises";
import ipaddr from "ipaddr.js";
import { DomainError } from "@/server/platform/errors";

export type OutboundAddress = { readonly address: string; readonly family: 4 | 6 };
export type Resolve = (host: string) => Promise<readonly { address: string; family: number }[]>;

/** Public by its number, yet the way to a cloud's own services. */
const platformAddresses = new Set(["168.63.129.16"]);

const resolveAll: Resolve = (host) => systemLookup(host, { all: true, verbatim: true });

/**
 * Why an address must not be called from here, in words; null for a public one. IPv4 inside IPv6 (mapped, compatible,
 * 6to4, Teredo, NAT64) is refused whole: no receiver is only reachable that way.
 */
export function refusedRange(address: string): string | null {
  if (!ipaddr.isValid(address)) return "not an address";
  const parsed = ipaddr.parse(address);
  const range = parsed.range();
  if (range !== "unicast") return range.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  if (platformAddresses.has(parsed.toString())) return "cloud platform";
  if (parsed.kind() === "ipv6" && !parsed.match(ipaddr.parse("2000::"), 3)) return "not global";
  return null;
}

/** The port of an http or https address, its scheme's own when it names none. */
export const portOf = (url: URL): number =>
  url.port === "" ? (url.protocol === "http:" ? 80 : 443) : Number(url.port);

/** True when the operator named this host, or this host with this port, in NOTIFY_ALLOW_HOSTS. */
export function isAllowedHost(host: string, port: number, allowed: readonly string[]): boolean {
  const bare = host.toLowerCase().replace(/\.$/, "");
  const name = ipaddr.IPv6.isValid(bare) ? `[${bare}]` : bare;
  return allowed.includes(name) || allowed.includes(`${name}:${port}`);
}

/**
 * The addresses of a host, each checked: connect to these and to nothing resolved later, so that a name cannot change
 * between the check and the connection. One private address among public ones refuses them all.
 * @throws DomainError forbidden (private, loopback, link-local, metadata and other special ranges), or the resolver's error.
 */
export async function outboundAddresses(target: {
  readonly host: string; // a name or an address, IPv6 with or without brackets
  readonly port: number;
  readonly allowed: readonly string[];
  readonly resolve?: Resolve;
}): Promise<readonly OutboundAddress[]> {
  const host = target.host.replace(/^\[(.*)\]$/, "$1");
  const found = ipaddr.isValid(host)
    ? [{ address: host, family: ipaddr.parse(host).kind() === "ipv6" ? 6 : 4 }]
    : await (target.resolve ?? resolveAll)(host);
  if (!isAllowedHost(target.host, target.port, target.allowed)) {
    const range = found.map(({ address }) => refusedRange(address)).find((one) => one !== null);
    if (range !== undefined)
      throw new DomainError(
        "forbidden",
        `${target.host} leads to an address that is not public (${range}). Name it in NOTIFY_ALLOW_HOSTS when that is meant.`,
      );
  }
  if (found.length === 0) throw new DomainError("source_unreachable", `${target.host} has no address.`);
  return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));
}
