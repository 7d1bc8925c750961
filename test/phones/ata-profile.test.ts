import fc from "fast-check";
import { expect, test } from "vitest";
import { ataKey, compileAtaProfile, decompileAtaProfile } from "../../src/phones/ata-profile.ts";
import { ATA_TAGS } from "../../src/phones/ata-tags.ts";
import { encodeAtaProfile } from "../../src/wire/ata-profile.ts";
import { MalformedPacket } from "../../src/wire/malformed.ts";

const hex = (octets: Uint8Array) => Buffer.from(octets).toString("hex");

function compiled(text: string, key?: Uint8Array): Uint8Array {
  const answer = compileAtaProfile(text, key === undefined ? {} : { key });
  if (answer.is === "refused") throw new Error(JSON.stringify(answer.problems));
  return answer.octets;
}

function problemsOf(text: string) {
  const answer = compileAtaProfile(text);
  return answer.is === "refused" ? answer.problems : [];
}

test.each([
  ["UseTftp:1", "23617461fffe0400160003140101"],
  ["SIPPort:5060", "23617461fffe04012000064504000013c4"],
  [
    "upgradecode:3,0x301,0x0400,0x0200,192.0.2.170,69,0x020514a,ata18x-v2-15-020927a.zup",
    "23617461fffe040a04002f91002c030000030104000200c00002aa00450020514a6174613138782d76322d31352d303230393237612e7a757000",
  ],
])("%s compiles to the published vector (cisco.md §6.2)", (line, wanted) => {
  expect(hex(compiled(`#txt\n${line}\n`))).toBe(wanted);
  expect(decompileAtaProfile(compiled(`#txt\n${line}\n`)).toLowerCase()).toBe(`#txt\n${line}\n`.toLowerCase());
});

test("names in any letter case, other separators, comments and CRLF are read like cfgfmt reads them", () => {
  const text = "# txt\r\n# a comment\r\n\r\nSIPPORT 5060\r\nusetftp:\t1\r\n";
  expect(hex(compiled(text))).toBe(hex(compiled("#txt\nUseTftp:1\nSIPPort:5060\n")));
});

test("upgrade codes come first, the others by number", () => {
  const text =
    "#txt\nSIPPort:5060\nUseTftp:1\nupgradecode:3,0x601,0x0400,0x0100,0,69,0x060412a,CP7912080001SIP060412A.sbin\n";
  expect(
    decompileAtaProfile(compiled(text))
      .split("\n")
      .slice(1, 4)
      .map((line) => line.split(":")[0]),
  ).toEqual(["upgradecode", "UseTftp", "SIPPort"]);
});

test.each([
  ["UseTftp:1\n", 1, "#txt"],
  ["#txt\nnothing\n", 2, "not name:value"],
  ["#txt\nNoSuchName:1\n", 2, '"NoSuchName"'],
  ["#txt\n\nUseTftp:2\n", 3, "neither 0 nor 1"],
  ["#txt\nSIPPort:x\n", 2, "not a number"],
  ["#txt\nSIPPort:4294967296\n", 2, "not a number"],
  ["#txt\nStaticIP:1.2.3\n", 2, "not an address"],
  ["#txt\nNPrintf:192.0.2.1\n", 2, "address and a port"],
  [`#txt\nGkOrProxy:${"x".repeat(32)}\n`, 2, "longer than 31"],
  ["#txt\nDialTone:1,2,x\n", 2, "separated by commas"],
  ["#txt\nUIPassword:abc\n", 2, "digits"],
  ["#txt\nUseTftp:1\nusetftp:0\n", 3, "twice"],
  ["#txt\ninclude other.txt\n", 2, "include"],
  ["#txt\nUID0:\u00fc\n", 2, "U+00FC"],
  [`#txt\nDialPlan:${"x".repeat(1100)}\n`, 2, "1023"],
  ["#txt\nupgradecode:3,0x601\n", 2, "eight fields"],
  ["#txt\nupgradecode:3,0x601,1,1,x,69,1,a.zup\n", 2, "address"],
  ["#txt\nupgradecode:300,0x601,1,1,0,69,1,a.zup\n", 2, "too large"],
  [`#txt\nupgradecode:3,0x601,1,1,0,69,1,${"a".repeat(32)}\n`, 2, "1 to 31"],
])("a fault is named with its line: %j", (text, line, message) => {
  expect(problemsOf(text)[0]?.line).toBe(line);
  expect(problemsOf(text)[0]?.message).toContain(message);
});

test("a profile beyond 2000 octets is refused, since no source says how a phone reads its second file", () => {
  const names = ATA_TAGS.filter(({ type }) => type === "text");
  const text = `#txt\n${names.map(({ names: [name], size }) => `${name}:${"x".repeat(size - 1)}`).join("\n")}\ntftpurl2:${"x".repeat(900)}`;
  expect(problemsOf(text)[0]?.message).toContain("2000");
});

test("a problem with a password does not repeat it", () => {
  expect(JSON.stringify(problemsOf(`#txt\nPWD0:${"Canary".repeat(9)}\nUIPassword:CanaryCanary\n`))).not.toContain(
    "Canary",
  );
});

test("a tag that nobody knows becomes a comment", () => {
  const profile = encodeAtaProfile([{ tag: 1001, value: Uint8Array.of(0x41, 0x42) }]);
  expect(decompileAtaProfile(profile)).toBe("#txt\n# tag 1001 (not known): 4142\n");
});

test("an encrypted profile opens with its key and with no other", () => {
  const key = ataKey("0123456789abcdef");
  const profile = compiled("#txt\nPWD0:secret\n", key);
  expect(decompileAtaProfile(profile, key)).toBe("#txt\nPWD0:secret\n");
  expect(() => decompileAtaProfile(profile, ataKey("00"))).toThrow(MalformedPacket);
  expect(() => decompileAtaProfile(profile)).toThrow(MalformedPacket);
  expect(ataKey("xyz")).toBeUndefined();
});

test("any values that compile read back equal", () => {
  const word = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/);
  const byType = {
    ip: fc.ipV4(),
    number: fc.nat().map(String),
    bitmap: fc.nat().map((n) => `0x${n.toString(16).padStart(8, "0")}`),
    digits: fc.stringMatching(/^[0-9]{0,9}$/),
    text: word,
    flag: fc.constantFrom("0", "1"),
    shorts: fc.array(fc.integer({ min: 0, max: 65535 }), { minLength: 1, maxLength: 3 }).map((list) => list.join(",")),
    "ip-port": fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 65535 })).map(([ip, port]) => `${ip}.${port}`),
  } as const;
  const line = fc.constantFrom(...ATA_TAGS).chain((row) => byType[row.type].map((value) => ({ row, value })));
  fc.assert(
    fc.property(fc.uniqueArray(line, { selector: ({ row }) => row.tag, maxLength: 20 }), (lines) => {
      const wanted = lines.filter(
        ({ row, value }) => value.length < row.size || (row.type !== "text" && row.type !== "digits"),
      );
      const text = `#txt\n${wanted.map(({ row, value }) => `${row.names[0]}:${value}\n`).join("")}`;
      const read = decompileAtaProfile(compiled(text));
      expect(read.split("\n").sort()).toEqual(text.split("\n").sort());
      expect(hex(compiled(read))).toBe(hex(compiled(text)));
    }),
  );
});

test("any text compiles or is refused, and any octets decompile or are malformed", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), fc.uint8Array({ maxLength: 200 }), (text, octets) => {
      compileAtaProfile(`#txt\n${text}`);
      try {
        decompileAtaProfile(octets);
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedPacket);
      }
    }),
  );
});

/** Longer than one file, by nearly every text and tone that a profile holds. */
function longProfile(): string {
  const tones = "DialTone BusyTone RingBackTone CallWaitTone DialTone2 AlertTone".split(" ");
  const names =
    "GkOrProxy Gateway GkId TftpURL AltGk SipOutBoundProxy AltTftpURL MGCPVer PWD0 PWD1 UID0 UID1 Domain".split(" ");
  return [
    "#txt",
    "upgradecode:3,0x301,0x0400,0x0200,0.0.0.0,69,0x040211a,ATA030100SIP040211A.zup",
    ...tones.map((name) => `${name}:${Array.from({ length: 11 }, (_, i) => i).join(",")}`),
    ...names.map((name) => `${name}:${"x".repeat(31)}`),
    `ReorderTone:${Array.from({ length: 17 }, (_, i) => i).join(",")}`,
    `DialPlan:${"9".repeat(199)}`,
    `CallCmd:${"c".repeat(247)}`,
    `CodecName:${"d".repeat(247)}`,
    `LoginID0:${"l".repeat(51)}`,
    `LoginID1:${"l".repeat(51)}`,
    `NatServer:${"n".repeat(47)}`,
    `DialPlanEx:${"8".repeat(499)}`,
    "DisplayName0:Anna",
    "",
  ].join("\n");
}

test("a profile that one file cannot hold is split: what came with release 3.0 goes into the second", () => {
  const profile = longProfile();
  const answer = compileAtaProfile(profile, { name: "ata000e84c060a6" });
  if (answer.is !== "compiled" || answer.extended === undefined) throw new Error(JSON.stringify(answer));
  expect(answer.octets.length).toBeLessThanOrEqual(2000);
  expect(answer.extended.name).toBe("ata000e84c060a6.ex");
  // Tag 0x4000, its length, the second file's name and a NUL at the very end (ATA-tools' notes on cfgfmt, §4.4).
  const pointer = [0xc0, 0x00, 19, ...new TextEncoder().encode("ata000e84c060a6.ex"), 0];
  expect([...answer.octets.slice(-pointer.length)]).toEqual(pointer);
  const first = decompileAtaProfile(answer.octets);
  const second = decompileAtaProfile(answer.extended.octets);
  expect(second).toBe(`#txt\nDialPlanEx:${"8".repeat(499)}\nDisplayName0:Anna\n`);
  const sorted = (text: string) =>
    text
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .sort();
  expect([...sorted(first), ...sorted(second)].sort()).toEqual(sorted(profile));
});

test("without a name to make the second file's of, a long profile is refused with its size", () => {
  const nameless = compileAtaProfile(longProfile());
  expect(nameless.is === "refused" && nameless.problems[0]?.message).toMatch(/^the profile has \d{4} octets/);
});
