import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CNF_KEYS, cnfFault, cnfKey, namesOf } from "../../src/phones/cnf-keys.ts";
import { dialRules, ringTones } from "../../src/phones/dial-plan.ts";
import { checkSettings, READERS, SETTINGS, setting } from "../../src/phones/settings.ts";
import { isHost, isLoadName } from "../../src/phones/value-range.ts";

test("templates/README.md lists every setting with its meaning", () => {
  const readme = readFileSync(join(import.meta.dirname, "../../templates/README.md"), "utf8");
  const rows = readme
    .split("\n")
    .filter((line) => /^\| `[a-zN_]+` \| .* \| .* \|$/.test(line) && line.split(" | ").length === 4);
  expect(rows).toEqual(
    SETTINGS.map(({ name, meaning, standard, reaches }) => {
      const readers =
        reaches.length === READERS.length ? "all" : READERS.filter((one) => reaches.includes(one)).join(", ");
      return `| \`${name}\` | ${meaning} | ${standard ?? ""} | ${readers} |`;
    }),
  );
});

test("numbered settings are known up to their last number", () => {
  expect(setting("speed48_label")?.name).toBe("speedN_label");
  expect(setting("speed49")).toBeUndefined();
  expect(setting("constructor")).toBeUndefined();
});

test.each([
  ["sip_port", "0"],
  ["sip_port", "5060 "],
  ["codec", "opus"],
  ["time_zone", "Nowhere"],
  ["sip_proxy", "256.1.1.1"],
  ["sip_proxy", "a b"],
  ["call_managers", "192.0.2.1, bad host"],
  ["call_managers", "a,b,c,d,e,f"],
  ["services_url", "x".repeat(256)],
  ["phone_label", "\u0000"],
  ["phone_password", "x".repeat(32)],
])("%s may not be %j", (name, value) => {
  const problems = checkSettings({ [name]: value });
  expect(problems).toHaveLength(1);
  expect(problems[0]?.setting).toBe(name);
});

test("good settings and names that no family shares pass", () => {
  const settings = {
    sip_port: "5061",
    time_zone: "Europe/Berlin",
    call_managers: "192.0.2.1, cm.example.net",
    room: "a\u0000b",
  };
  expect(checkSettings(settings)).toEqual([]);
});

test("every standard value of a .cnf key is in the key's own range", () => {
  for (const row of CNF_KEYS) {
    if (row.standard !== undefined) expect(cnfFault(row, row.standard), row.key).toBeUndefined();
    for (const name of namesOf(row)) expect(cnfKey(name)).toBe(row);
  }
});

test.each([
  ["line1_password", 'a"b'],
  ["phone_label", "twelve chars"],
  ["dst_start_time", "25/00"],
  ["time_zone", "Europe/Berlin"],
  ["image_version", "P0S3-8-12-00.sb2"],
  ["services_url", "http://ü"],
  ["line1_shortname", "\u{1f600}"],
])("%s may not be %j", (key, value) => {
  const row = cnfKey(key);
  expect(row && cnfFault(row, value)).toBeTypeOf("string");
});

test.each(["P0S3-8-12-00", "P00303010102", "SCCP41.9-4-2SR3-1S", "SIP70.8-0-3S", "SCCP45.8-3-2S"])(
  "%s is a load name",
  (load) => {
    expect(isLoadName(load)).toBe(true);
  },
);

test.each(["", "P0S3 ", "P0S30203.bin", "SIP41.9-2-1S.loads", "../x", "a\nb", "-x", "x".repeat(61)])(
  "%j is no load name",
  (load) => {
    expect(isLoadName(load)).toBe(false);
  },
);

test.each([
  ["192.0.2.1", true],
  ["pbx.example.net", true],
  ["USECALLMANAGER", true],
  ["192.0.2.999", false],
  ["-a", false],
  ["a..b", false],
  ["a_b", false],
  ["x".repeat(51), false],
])("a host name is checked: %s", (text, good) => {
  expect(isHost(text)).toBe(good);
});

test("dial plan rules are read with their words", () => {
  expect(dialRules("112 timeout=0 route=Emergency; 0,.\\* rewrite=%1 line=2").rules).toEqual([
    { match: "112", timeout: "0", route: "Emergency" },
    { match: "0,.\\*", timeout: "5", rewrite: "%1", line: "2" },
  ]);
});

test.each(["", ";;", "abc", "1 timeout=x", "1 colour=red", "1 __proto__=x", "0,,,,1", "1 route=default"])(
  "%j is no dial plan",
  (text) => {
    expect(dialRules(text).problems.length).toBeGreaterThan(0);
  },
);

test.each(["", "Name", "=x", "a=b/c", "A\tB=c", `${"x".repeat(26)}=a`, `${"a=b;".repeat(51)}`])(
  "%j is no ring list",
  (text) => {
    expect(ringTones(text).problems.length).toBeGreaterThan(0);
  },
);
