import { describe, expect, test } from "vitest";
import { isAllowedHost, outboundAddresses, refusedRange } from "@/server/notifications/outbound-address";

const refused = [
  ["0.0.0.0", "this host"],
  ["10.1.2.3", "private"],
  ["100.64.0.1", "carrier grade"],
  ["100.100.100.200", "metadata of one cloud"],
  ["127.0.0.1", "loopback"],
  ["127.255.255.254", "loopback"],
  ["169.254.169.254", "metadata"],
  ["172.16.0.1", "private"],
  ["172.31.255.255", "private"],
  ["192.168.1.1", "private"],
  ["192.0.0.8", "protocol assignments"],
  ["192.0.2.1", "documentation"],
  ["198.18.0.1", "benchmarks"],
  ["224.0.0.1", "multicast"],
  ["240.0.0.1", "reserved"],
  ["255.255.255.255", "broadcast"],
  ["168.63.129.16", "a cloud's platform"],
  ["::", "unspecified"],
  ["::1", "loopback"],
  ["::ffff:127.0.0.1", "mapped loopback"],
  ["::ffff:7f00:1", "mapped loopback in hex"],
  ["::ffff:169.254.169.254", "mapped metadata"],
  ["::ffff:93.184.216.34", "mapped public"],
  ["::127.0.0.1", "compatible loopback"],
  ["64:ff9b::7f00:1", "NAT64"],
  ["64:ff9b:1::1", "local NAT64"],
  ["2002:7f00:1::", "6to4"],
  ["2001:0:1::1", "Teredo"],
  ["2001:db8::1", "documentation"],
  ["fc00::1", "unique local"],
  ["fd00:ec2::254", "metadata over IPv6"],
  ["fe80::1", "link-local"],
  ["fec0::1", "site-local"],
  ["ff02::1", "multicast"],
  ["4000::1", "not global"],
  ["not an address", "no address"],
] as const;

describe("addresses that a message may go to", () => {
  test.each(refused)("%s is refused (%s)", (address) => expect(refusedRange(address)).not.toBeNull());
  test.each(["93.184.216.34", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700:4700::1111"])(
    "%s is public",
    (address) => expect(refusedRange(address)).toBeNull(),
  );

  // URL writes numbers in every notation as four parts: what is checked is what would be connected to
  test.each([
    "http://2130706433/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://127.1/",
    "http://[::ffff:127.0.0.1]/",
  ])("%s is loopback however it is written", async (text) => {
    const { hostname: host } = new URL(text);
    await expect(outboundAddresses({ host, port: 80, allowed: [] })).rejects.toMatchObject({ code: "forbidden" });
  });

  test("a name that leads inside is refused, also when one of its addresses is public", async () => {
    const resolve = async () => [
      { address: "93.184.216.34", family: 4 },
      { address: "10.0.0.5", family: 4 },
    ];
    const asked = { host: "hooks.example", port: 443, resolve };
    await expect(outboundAddresses({ ...asked, allowed: [] })).rejects.toMatchObject({ code: "forbidden" });
    await expect(outboundAddresses({ ...asked, allowed: ["hooks.example:8443"] })).rejects.toMatchObject({
      code: "forbidden",
    });
    expect(await outboundAddresses({ ...asked, allowed: ["hooks.example:443"] })).toHaveLength(2);
  });

  test("the allow-list names hosts with or without a port, never parts of names", () => {
    expect(isAllowedHost("mail.internal", 587, ["mail.internal"])).toBe(true);
    expect(isAllowedHost("MAIL.internal.", 587, ["mail.internal:587"])).toBe(true);
    expect(isAllowedHost("mail.internal", 25, ["mail.internal:587"])).toBe(false);
    expect(isAllowedHost("evil-mail.internal", 587, ["mail.internal"])).toBe(false);
    expect(isAllowedHost("[::1]", 80, ["[::1]:80"])).toBe(true);
    expect(isAllowedHost("::1", 80, ["[::1]"])).toBe(true);
  });
});
