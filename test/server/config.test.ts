import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Config, type ConfigSources, loadConfig } from "../../src/server/config.ts";
import { Failure } from "../../src/server/failure.ts";

const example = new URL("../../examples/provision.yaml", import.meta.url);

function home(text?: string): string {
  const cwd = mkdtempSync(join(tmpdir(), "provision-config-"));
  if (text !== undefined) writeFileSync(join(cwd, "provision.yaml"), text);
  return cwd;
}

function read(text: string, more: Partial<ConfigSources> = {}): Config {
  return loadConfig({ cwd: home(text), ...more }, true);
}

function mistakes(text: string, more: Partial<ConfigSources> = {}): readonly string[] {
  try {
    read(text, more);
  } catch (error) {
    if (error instanceof Failure) return error.findings.map((f) => `${f.where}: ${f.message} -> ${f.remedy}`);
    throw error;
  }
  return [];
}

const least = "site: { serverAddress: 192.0.2.10 }\n";

describe("the shipped example", () => {
  test("is valid, and everything in it arrives as it was meant", () => {
    const config = read(readFileSync(example, "utf8"));
    expect(config.site).toEqual({
      name: "head-office",
      serverAddress: "192.0.2.10",
      timeZone: "Europe/Berlin",
      ntp: ["192.0.2.10"],
      sip: { proxy: "192.0.2.20", port: 5060, transport: "udp" },
      sccp: { callManagers: ["192.0.2.20"], port: 2000 },
    });
    expect(config.dhcp.enabled).toBe(false);
    expect(config.dhcp.subnets[0]).toMatchObject({
      subnet: { network: "192.0.2.0", prefix: 24 },
      pool: [{ first: "192.0.2.100", last: "192.0.2.199" }],
      leaseTime: 3600,
      reservations: [{ mac: "000e84c060a6", ip: "192.0.2.50" }],
    });
    expect(config.access.allow).toEqual([{ network: "192.0.2.0", prefix: 24 }]);
  });
});

describe("where a value comes from", () => {
  test("the least configuration is one server address; everything else has a default", () => {
    const config = read(least);
    expect(config.tftp).toMatchObject({ listen: "0.0.0.0", port: 69 });
    expect(config.http).toEqual({ listen: "127.0.0.1", port: 8080 });
    expect(config.dhcp.enabled).toBe(false);
    expect(config.site.timeZone).toBe("UTC");
  });

  test("the environment wins over the file, a flag over the environment", () => {
    const text = `${least}tftp: { port: 1069 }\n`;
    const environment = { PROVISION_TFTP_PORT: "2069", PROVISION_SITE_SERVER_ADDRESS: "192.0.2.99", HOME: "/" };
    expect(read(text).tftp.port).toBe(1069);
    expect(read(text, { environment }).tftp.port).toBe(2069);
    expect(read(text, { environment }).site.serverAddress).toBe("192.0.2.99");
    expect(read(text, { environment, flags: { "tftp.port": "3069" } }).tftp.port).toBe(3069);
  });

  test("a path in the file is read from the file's folder, one from a flag from where the admin stands", () => {
    const cwd = home(`${least}data: ./var\n`);
    const file = join(cwd, "provision.yaml");
    expect(loadConfig({ cwd: "/", file }, true).data).toBe(join(cwd, "var"));
    expect(loadConfig({ cwd: "/srv", file, flags: { data: "./other" } }, true).data).toBe("/srv/other");
  });

  test("a wrong value from the environment or a flag is named by the variable or the flag", () => {
    expect(mistakes(least, { environment: { PROVISION_HTTP_LISTEN: "localhost" } })).toEqual([
      'PROVISION_HTTP_LISTEN: http.listen: "localhost" is not an IPv4 address -> write it like 192.0.2.10',
    ]);
    expect(mistakes(least, { flags: { "tftp.port": "x" } })[0]).toContain("--tftp-port: tftp.port: a whole number");
  });

  test("a variable that no setting has is an error that names the one that was meant", () => {
    expect(mistakes(least, { environment: { PROVISION_TFTP_PROT: "69" } })).toEqual([
      "environment variable PROVISION_TFTP_PROT: no setting has this name -> did you mean PROVISION_TFTP_PORT?",
    ]);
  });

  test("without a file a command that needs a site says how to get one, and any other has the defaults", () => {
    const cwd = home();
    expect(() => loadConfig({ cwd }, true)).toThrow(/there is no configuration/);
    expect(loadConfig({ cwd }, false)).toMatchObject({
      file: undefined,
      data: join(cwd, "var"),
      site: { serverAddress: "127.0.0.1" },
    });
  });

  test("the configuration is frozen all the way down", () => {
    const config = read(readFileSync(example, "utf8"));
    expect(() => Object.assign(config.tftp, { port: 1 })).toThrow(TypeError);
    expect(() => Object.assign(config.dhcp.subnets[0]?.reservations[0] ?? {}, { ip: "" })).toThrow(TypeError);
  });
});

describe("mistakes are named with file, line, reason and remedy", () => {
  const cases: readonly [string, string, string][] = [
    [
      "an unknown key",
      `${least}tftp:\n  prot: 69\n`,
      'provision.yaml:3: tftp: unknown key "prot" -> did you mean port?',
    ],
    ["an unknown section", `${least}\ndhpc: {}\n`, 'provision.yaml:3: unknown key "dhpc" -> did you mean dhcp?'],
    [
      "a missing address",
      "site:\n  name: x\n",
      "provision.yaml:2: site.serverAddress: an IPv4 address is expected here -> write it like 192.0.2.10",
    ],
    [
      "an address out of range",
      "site: { serverAddress: 192.0.2.300 }\n",
      'provision.yaml:1: site.serverAddress: "192.0.2.300" is not an IPv4 address -> write it like 192.0.2.10',
    ],
    [
      "a time zone nobody knows",
      "site:\n  serverAddress: 192.0.2.1\n  timeZone: Europe/Berln\n",
      'provision.yaml:3: site.timeZone: "Europe/Berln" is not an IANA time zone -> write it like Europe/Berlin',
    ],
    [
      "a port out of range",
      `${least}http: { port: 70000 }\n`,
      "provision.yaml:2: http.port: out of range -> write a whole number from 0 to 65535",
    ],
    [
      "a word that is almost known",
      `${least}dhcp: { answer: phone }\n`,
      'provision.yaml:2: dhcp.answer: "phone" is not known here -> did you mean phones? (everyone, phones, enrolled)',
    ],
    [
      "text for a mapping",
      "site: head-office\n",
      "provision.yaml:1: site: a mapping is expected here -> write the keys name, serverAddress, timeZone, ntp, sip, sccp below it",
    ],
    [
      "a list for the whole",
      "- site\n",
      "provision.yaml:1: a mapping is expected here -> write the keys site, data, keyFile, templates, tftp, dhcp, http, access, groups, profiles, fleet, migrations, restart, log below it",
    ],
    [
      "a profile that nobody wrote",
      `${least}groups:\n  lobby: { profile: public }\nprofiles:\n  pubic: { ring: silent }\n`,
      'provision.yaml:3: groups.lobby.profile: there is no profile "public" -> write one of pubic',
    ],
    [
      "DHCP without a subnet",
      `${least}dhcp:\n  enabled: true\n`,
      "provision.yaml:3: dhcp.subnets: DHCP is enabled without a subnet -> add one below dhcp.subnets",
    ],
  ];
  test.each(cases)("%s", (_, text, said) => expect(mistakes(text)).toEqual([said]));

  test("YAML that cannot be read is named with its line", () => {
    expect(mistakes("site:\n  name: [a\n")[0]).toMatch(/^provision\.yaml:3: this is not YAML: /);
    expect(mistakes(`${least}site: {}\n`)[0]).toMatch(/^provision\.yaml:2: this is not YAML: .*unique/);
  });

  test("pools, routers and reservations have to lie in their subnet, and nothing may be reserved twice", () => {
    const text = `${least}dhcp:
  subnets:
    - subnet: 192.0.2.0/24
      pool: 192.0.3.1-192.0.3.9
      router: 192.0.4.1
      reservations:
        - { mac: 00:0e:84:c0:60:a6, ip: 192.0.2.5 }
        - { mac: 000E.84C0.60A6, ip: 192.0.2.6 }
    - { subnet: 192.0.2.128/25 }
`;
    const said = mistakes(text);
    expect(said).toHaveLength(2);
    expect(said[0]).toMatch(
      /^provision\.yaml:5: dhcp\.subnets\[0\]\.pool: 192\.0\.3\.1-192\.0\.3\.9 is not in 192\.0\.2\.0\/24/,
    );
    expect(said[1]).toMatch(/^provision\.yaml:6: dhcp\.subnets\[0\]\.router: 192\.0\.4\.1 is not in/);
    const second = mistakes(text.replace("192.0.3.1-192.0.3.9", "192.0.2.10-20").replace("192.0.4.1", "192.0.2.1"));
    expect(second).toEqual([
      "provision.yaml:10: dhcp.subnets[1].subnet: it overlaps with subnet 1 of the list -> keep one of the two",
      "provision.yaml:9: dhcp.subnets[0].reservations[1].mac: 000e84c060a6 is reserved twice -> keep one of the two reservations",
    ]);
  });

  test("a reservation names its client in one way, and no client or port of a wire twice", () => {
    const reserving = (...lines: string[]) =>
      mistakes(`${least}dhcp:
  subnets:
    - subnet: 192.0.2.0/24
      reservations:
${lines.map((line) => `        - { ${line} }\n`).join("")}`);
    const place = "provision.yaml:6: dhcp.subnets[0].reservations[0]";
    const remedy = "give mac, clientId, or circuitId and remoteId";
    expect(reserving("ip: 192.0.2.5")).toEqual([`${place}: nobody is named -> ${remedy}`]);
    expect(reserving("ip: 192.0.2.5, mac: 000e84c060a6, clientId: hall")).toEqual([
      `${place}: the client is named in more than one way -> ${remedy}`,
    ]);
    expect(reserving("ip: 192.0.2.5, mac: 'ff:ff:ff:ff:ff:ff'")[0]).toMatch(/is not the MAC address of one station/);
    expect(reserving("ip: 192.0.2.5, clientId: 01ab")).toEqual([
      `${place}.clientId: "01ab" is not a client id (option 61) -> write it like 01:00:0e:84:c0:60:a6 or "0x01ab", text as text:ab`,
    ]);
    expect(reserving("ip: 192.0.2.5, clientId: 0x0100")).toEqual([
      `${place}.clientId: text is expected here -> put it in quotes`,
    ]);
    expect(reserving("ip: 192.0.2.5, clientId: x")[0]).toMatch(/"x" is not a client id/);
    expect(
      reserving(
        "ip: 192.0.2.5, clientId: '0x6162'",
        "ip: 192.0.2.6, clientId: ab:62",
        "ip: 192.0.2.7, clientId: 61-62",
      ),
    ).toEqual([
      "provision.yaml:8: dhcp.subnets[0].reservations[2].clientId: 6162 is reserved twice -> keep one of the two reservations",
    ]);
    expect(
      reserving(
        "ip: 192.0.2.5, circuitId: g1",
        "ip: 192.0.2.6, circuitId: g1, remoteId: a",
        "ip: 192.0.2.7, circuitId: g1",
      ),
    ).toEqual([
      "provision.yaml:8: dhcp.subnets[0].reservations[2].circuitId: this port is reserved twice -> keep one of the two reservations",
    ]);
  });

  test("a shared network has at least two subnets", () => {
    const sharing = (...names: string[]) =>
      mistakes(`${least}dhcp:
  subnets:
${names.map((name, i) => `    - { subnet: 192.0.${i}.0/24, sharedNetwork: ${name} }\n`).join("")}`);
    expect(sharing("floor-2", "floor-2")).toEqual([]);
    expect(sharing("floor-2", "floor-2", "flor-2")).toEqual([
      'provision.yaml:6: dhcp.subnets[2].sharedNetwork: no other subnet is of "flor-2" -> did you mean floor-2?',
    ]);
    expect(sharing("floor-2")).toEqual([
      'provision.yaml:4: dhcp.subnets[0].sharedNetwork: no other subnet is of "floor-2" -> name it at every subnet of the wire, or leave it out',
    ]);
  });

  test("everything that is wrong is said at once", () => {
    expect(mistakes("site: { serverAddress: x, zone: y }\ntftp: { port: -1 }\n")).toHaveLength(3);
  });

  test("a file that multiplies itself, nests without end, is huge or is no text is refused in words", () => {
    const laughs = ["a: &a [x,x,x,x,x,x,x,x,x,x]"];
    for (let i = 1; i < 9; i++)
      laughs.push(
        `b${i}: &${"a".repeat(i + 1)} [${Array(10)
          .fill(`*${"a".repeat(i)}`)
          .join(",")}]`,
      );
    expect(mistakes(laughs.join("\n"))[0]).toMatch(/multiplies itself/);
    expect(mistakes("[".repeat(100_000))[0]).toMatch(/nested too deeply|not YAML/);
    expect(mistakes(`# ${"x".repeat(1_100_000)}`)[0]).toMatch(/larger than/);
    expect(mistakes("[".repeat(20_000))[0]).toMatch(/nested too deeply/);
    expect(mistakes(`${least}---\nhttp: { prot: 1 }\n`)[0]).toMatch(/multiple documents/);
    expect(mistakes(`${least}log: !!js/function "x"\n`)[0]).toMatch(
      /^provision\.yaml:\d+: this is not YAML: Unresolved tag/,
    );
    expect(mistakes([...least].map((letter) => `${letter}\0`).join(""))[0]).toMatch(/not UTF-8 text/);
    const cwd = home();
    writeFileSync(join(cwd, "provision.yaml"), Uint8Array.of(0xff, 0xfe, 0x00));
    expect(() => loadConfig({ cwd }, true)).toThrow(/not UTF-8 text/);
    expect(() => loadConfig({ cwd, file: "/dev/zero" }, true)).toThrow(/larger than/);
    expect(() => loadConfig({ cwd, file: "elsewhere.yaml" }, true)).toThrow(/cannot be read \(ENOENT\)/);
  });

  test("no text at all makes the reader fail in any other way", () => {
    const words = [
      "site",
      "serverAddress",
      "dhcp",
      "subnets",
      ":",
      " ",
      "\n",
      "  ",
      "-",
      "[",
      "]",
      "{",
      "}",
      "&a",
      "*a",
      "!!x",
      "|",
      ">",
      "'",
      '"',
      "192.0.2.1",
      "?",
      "<<",
      "\t",
      "%YAML 9.9",
    ];
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constantFrom(...words), fc.string()), { maxLength: 30 }), (parts) => {
        mistakes(parts.join(""));
      }),
      { numRuns: 300 },
    );
  });
});

describe("notations", () => {
  const subnetOf = (line: string) => read(`${least}dhcp: { subnets: [ { ${line} } ] }\n`).dhcp.subnets[0];

  test.each([
    ["192.0.2.0/24"],
    ["192.0.2.0/255.255.255.0"],
    ["192.0.2.0 255.255.255.0"],
    ["192.0.2.0 / 24"],
    ["192.0.2.77/24"],
  ])("the subnet %s", (subnet) =>
    expect(subnetOf(`subnet: ${subnet}`)?.subnet).toEqual({ network: "192.0.2.0", prefix: 24 }),
  );

  test.each([
    ["3600", 3600],
    ["90s", 90],
    ["1h30m", 5400],
    ["1 hour", 3600],
    ["1 hour 30 min", 5400],
    ["2 Weeks", 1_209_600],
    ["7d", 604_800],
    ["PT1H", 3600],
    ["P1DT12H", 129_600],
  ])("the duration %s", (leaseTime, seconds) =>
    expect(subnetOf(`subnet: 192.0.2.0/24, leaseTime: ${leaseTime}`)?.leaseTime).toBe(seconds),
  );

  test.each(["00:0e:84:c0:60:a6", "00-0E-84-C0-60-A6", "000e.84c0.60a6", "000E84C060A6"])("the MAC %s", (mac) =>
    expect(
      subnetOf(`subnet: 192.0.2.0/24, reservations: [ { mac: ${mac}, ip: 192.0.2.9 } ]`)?.reservations[0]?.mac,
    ).toBe("000e84c060a6"),
  );

  test.each([
    ["01:00:0e:84:c0:60:a6", "01000e84c060a6"],
    ["01-00-0E-84-C0-60-A6", "01000e84c060a6"],
    ["0100.0e84.c060.a6", "01000e84c060a6"],
    ["'0x01000e84'", "01000e84"],
    ["lobby-phone", "6c6f6262792d70686f6e65"],
    ["'text:ab:cd'", "61623a6364"],
    ["'1234567'", "31323334353637"],
    ["Gi1/0/7", "4769312f302f37"],
  ])("the client id %s", (clientId, hex) =>
    expect(
      subnetOf(`subnet: 192.0.2.0/24, reservations: [ { clientId: ${clientId}, ip: 192.0.2.9 } ]`)?.reservations[0]
        ?.clientId,
    ).toBe(hex),
  );

  test("a MAC of digits alone, which YAML takes for a number, keeps its zeros", () => {
    expect(
      subnetOf("subnet: 192.0.2.0/24, reservations: [ { mac: 000400000012, ip: 192.0.2.9 } ]")?.reservations[0]?.mac,
    ).toBe("000400000012");
  });

  test("a group's settings keep the spelling that the admin gave them", () => {
    const text = `${least}groups:\n  lobby:\n    select: { model: 7960, macPrefix: "00:0E:84" }\n    settings: { release: 1.10, on: true, ext: 0042 }\n`;
    expect(read(text).groups).toEqual([
      {
        name: "lobby",
        select: { model: "7960", macPrefix: "000e84" },
        settings: { release: "1.10", on: "true", ext: "0042" },
      },
    ]);
  });
});
