import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { identifyDhcpClient, identifyVendorClass } from "../../src/phones/vendor-class.ts";
import { type Mac, parseMac } from "../../src/wire/address.ts";

const text = (value: string) => new TextEncoder().encode(value);
const PC = parseMac("02:00:00:00:00:01") as Mac;

describe("option 60 of Cisco phones", () => {
  // Spellings: facts/cisco.md §8, from Wazo's cisco.conf and the strings in the firmware.
  test.each([
    ["Cisco Systems, Inc. IP Phone CP-7940\0", "CP-7940", "7940"],
    ["Cisco Systems, Inc. IP Phone CP-7940G\0", "CP-7940G", "7940"],
    ["Cisco Systems, Inc. IP Phone CP-7960G\0", "CP-7960G", "7960"],
    ["Cisco Systems, Inc. IP Phone CP-7960G", "CP-7960G", "7960"],
    ["cisco systems, inc. ip phone cp-7960g\0", "cp-7960g", "7960"],
  ])("D130 %j names the model", (sent, named, model) => {
    expect(identifyVendorClass(text(sent))).toMatchObject({ vendor: "cisco", by: "option 60", named, model });
  });

  test.each([
    ["Cisco Systems, Inc. IP Phone CP-7941G\0", "CP-7941G"],
    ["Cisco Systems, Inc. IP Phone CP-7941G-GE\0", "CP-7941G-GE"],
    ["Cisco Systems, Inc. IP Phone CP-7906G\0", "CP-7906G"],
    ["Cisco Systems, Inc. IP Phone CP-7911G\0", "CP-7911G"],
    ["Cisco Systems, Inc. IP Phone CP-7942G\0", "CP-7942G"],
    ["Cisco Systems, Inc. IP Phone CP-7961G-GE\0", "CP-7961G-GE"],
    ["Cisco Systems, Inc. IP Phone CP-7970G\0", "CP-7970G"],
    ["Cisco Systems, Inc. IP Phone CP-7971G-GE\0", "CP-7971G-GE"],
    ["Cisco Systems, Inc. IP Phone CP-7975G\0", "CP-7975G"],
    ["Cisco Systems, Inc. IP Phone CP-7937G", "CP-7937G"],
    ["Cisco Systems, Inc. IP Phone 7905", "7905"],
    ["Cisco Systems, Inc. IP Phone 7912", "7912"],
    ["Cisco Systems, Inc. IP Phone 7920\0", "7920"],
    ["Cisco Systems Inc. Wireless Phone 7921", "7921"],
  ])("D130 %j is a Cisco phone in its own words", (sent, named) => {
    expect(identifyVendorClass(text(sent))).toMatchObject({ vendor: "cisco", named });
  });

  test("D130 a phone that leaves its model out is a Cisco phone all the same", () => {
    for (const sent of ["Cisco Systems, Inc. IP Phone\0", "Cisco Systems, Inc.", "Cisco Systems, Inc.\0"]) {
      const identity = identifyVendorClass(text(sent));
      expect(identity?.vendor).toBe("cisco");
      expect(identity?.named).toBeUndefined();
    }
  });

  test("D130 other products of the vendor are no phones", () => {
    for (const sent of ["Cisco Systems, Inc. WS-C2960", "ciscopnp", "Cisco AP c1240", "Cisco Systems, Inc.x"])
      expect(identifyVendorClass(text(sent))).toBeUndefined();
  });
});

describe("option 60 of Polycom phones", () => {
  test.each([
    ["Polycom-VVX310", "VVX310"],
    ["Polycom-SPIP335", "SPIP335"],
    ["Polycom-SoundPointIP-SPIP_601", "SPIP_601"],
  ])("D130 the ASCII form %j names the model", (sent, named) => {
    expect(identifyVendorClass(text(sent))).toMatchObject({ vendor: "polycom", named });
  });

  test.each(["Polycom-OSoundPointIP-SPIP_500", "Polycom-SoundPointIP--SPIP_500", "Polycom-X-VVX310"])(
    "D130 %j is damaged, and names no model",
    (sent) => {
      expect(identifyVendorClass(text(sent))?.model).toBeUndefined();
      expect(identifyVendorClass(text(sent))?.named).toMatch(/SPIP_500|VVX310/);
    },
  );

  const sub = (code: number, value: string) => [code, value.length, ...text(value)];
  const binary = (...subs: number[][]) => {
    const content = [...subs.flat(), 255];
    return Uint8Array.from([0, 0, 0x36, 0x3d, content.length, ...content]);
  };

  test("D132 the binary form gives model, part, application and BootROM version", () => {
    const sent = binary(
      sub(1, "Polycom"),
      sub(2, "SoundPointIP-SPIP_601"),
      sub(3, "2345-11605-001,2"),
      sub(4, "SIP/Tip.2708/08-Jun-07 10:44"),
      sub(5, "BR/3.1.0.0269/28-Apr-05 13:30"),
    );
    expect(identifyVendorClass(sent)).toMatchObject({
      vendor: "polycom",
      named: "SPIP_601",
      part: "2345-11605-001,2",
      application: "2708",
      bootRom: "3.1.0.0269",
    });
  });

  test("D132 while the BootROM runs, both versions are the BootROM's", () => {
    const version = "BR/4.1.4.0122/28-Apr-05 13:30";
    const identity = identifyVendorClass(binary(sub(2, "SoundPointIP-SPIP_335"), sub(4, version), sub(5, version)));
    expect(identity).toMatchObject({ bootRom: "4.1.4.0122" });
    expect(identity?.application).toBeUndefined();
  });

  test("D132 a binary form that overruns is believed as far as it goes, another enterprise not at all", () => {
    const cut = binary(sub(2, "SoundPointIP-SPIP_335"), sub(3, "2345-12375-001,1")).subarray(0, 36);
    expect(identifyVendorClass(cut)).toMatchObject({ vendor: "polycom", named: "SPIP_335" });
    expect(identifyVendorClass(cut)?.part).toBeUndefined();
    const other = binary(sub(1, "Other"));
    for (const enterprise of [9, 311, 4491]) {
      other.set([0, 0, enterprise >> 8, enterprise]);
      expect(identifyVendorClass(other)).toBeUndefined();
    }
  });
});

describe("clients that are not identified by option 60", () => {
  test("D137 a boot loader without option 60 is known by its OUI, and why is said", () => {
    for (const [mac, vendor] of [
      ["00:04:f2:49:d8:3f", "polycom"],
      ["64:16:7f:00:00:01", "polycom"],
      ["48:25:67:00:00:01", "polycom"],
      ["00:0e:84:c0:60:a6", "cisco"],
    ] as const) {
      const identity = identifyDhcpClient(undefined, parseMac(mac) as Mac);
      expect(identity).toMatchObject({
        vendor,
        by: "oui",
        because: { source: expect.stringMatching(/wazo-provd-plugins|TFTP logs of 2020/) },
      });
      expect(identity?.model).toBeUndefined();
    }
    expect(identifyDhcpClient(undefined, PC)).toBeUndefined();
  });

  test("D137 an option 60 that is no phone's outweighs the OUI: the vendor makes switches too", () => {
    expect(identifyDhcpClient(text("ciscopnp"), parseMac("000e84c060a6") as Mac)).toBeUndefined();
  });

  test("D131 user classes, as a list or bare, say nothing about phones", () => {
    for (const sent of ["iPXE", "\x04iPXE"]) expect(identifyVendorClass(text(sent))).toBeUndefined();
  });

  test("D134 any octets are read in linear time, without an error, and what is named is printable", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 255 }),
        fc.constantFrom("", "Polycom-", "Cisco Systems, Inc. IP Phone "),
        (noise, head) => {
          const identity = identifyVendorClass(Uint8Array.from([...text(head), ...noise]));
          if (identity?.named !== undefined) expect(identity.named).toMatch(/^[ -~]*$/);
        },
      ),
    );
    const worst = [
      text(`Cisco Systems, Inc. IP Phone ${" ".repeat(226)}`),
      text(`Polycom${"-".repeat(248)}`),
      Uint8Array.from([0, 0, 0x36, 0x3d, 250, ...new Array(250).fill(0)]),
    ];
    const began = performance.now();
    for (let i = 0; i < 1000; i++) for (const sent of worst) identifyVendorClass(sent);
    expect((performance.now() - began) / 3000).toBeLessThan(0.5);
  });
});
