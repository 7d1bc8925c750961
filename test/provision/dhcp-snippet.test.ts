import { describe, expect, test } from "vitest";
import { dhcpSnippet, SNIPPETS } from "../../src/provision/dhcp-snippet.ts";
import { ip, PHONE } from "./dhcp-world.ts";

const content = { server: ip("192.0.2.10"), macs: [] };

describe("snippets for other DHCP servers", () => {
  test.each(SNIPPETS)("%s is told one server in 66 and 150, and nothing twice", (kind) => {
    const text = dhcpSnippet(kind, content);
    expect(text).toMatch(/192\.0\.2\.10|c000020a/);
    expect(text).toMatch(/\b66\b|tftp-server-name/);
    expect(text).toMatch(/\b150\b/);
    expect(text.endsWith("\n")).toBe(true);
  });

  test.each(SNIPPETS)("%s can be told about single phones alone", (kind) => {
    const text = dhcpSnippet(kind, { ...content, macs: [PHONE] });
    expect(text.toLowerCase().replace(/[:.-]/g, "")).toContain("000e84c060a6");
    expect(text).not.toMatch(/vendor-class|vendorclass|client-classes/);
  });

  test.each(["isc", "kea", "dnsmasq"] as const)("%s tells only phones, by option 60 of both vendors", (kind) => {
    const text = dhcpSnippet(kind, content);
    expect(text).toContain("Cisco Systems, Inc. IP Phone");
    expect(text).toContain("Polycom");
  });

  test("a URL for Polycom phones stands in 66 and 160 of Polycom phones alone", () => {
    const text = dhcpSnippet("dnsmasq", { ...content, polycomUrl: "http://192.0.2.10/polycom" });
    expect(text).toContain('tag:cisco-phone,66,"192.0.2.10"');
    expect(text).toContain('tag:polycom-phone,66,"http://192.0.2.10/polycom"');
  });

  test("no URL can leave its quotes", () => {
    for (const kind of SNIPPETS)
      expect(dhcpSnippet(kind, { ...content, polycomUrl: 'http://x/"\n;evil' })).not.toMatch(/\n;?evil/);
  });
});
