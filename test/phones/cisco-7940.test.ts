import fc from "fast-check";
import { expect, test } from "vitest";
import { cisco7940 } from "../../src/phones/cisco-7940.ts";
import { modelOf } from "../../src/phones/families.ts";
import { sccp31, sccp505, sccp809, sip23, sip44, sip812 } from "../migration/releases.ts";

test.each([
  ["OS79XX.TXT", "os79xx", "OS79XX.TXT"],
  ["os79xx.txt", "os79xx", "OS79XX.TXT"],
  ["CTLSEP000E84C060A6.tlv", "ctl", "CTLSEP000E84C060A6.tlv"],
  ["sep000e84c060a6.CNF.XML", "sep-config", "SEP000E84C060A6.cnf.xml"],
  ["SEP000E84C060A6.cnf", "sep-binary", "SEP000E84C060A6.cnf"],
  ["SIP000e84c060a6.cnf", "sip-config", "SIP000E84C060A6.cnf"],
  ["MGC000E84C060A6.cnf", "mgcp-config", "MGC000E84C060A6.cnf"],
  ["xmlDefault.CNF.XML", "xml-default", "XMLDefault.cnf.xml"],
  ["SEPDefault.cnf", "sep-default-binary", "SEPDefault.cnf"],
  ["SIPDefault.cnf", "sip-default", "SIPDefault.cnf"],
  ["RINGLIST.DAT", "ringlist", "RINGLIST.DAT"],
  ["dialplan.xml", "dialplan", "dialplan.xml"],
  ["English_United_States/7960-dictionary.xml", "sccp-resource", "English_United_States/7960-dictionary.xml"],
  ["P0S3-8-12-00.loads", "image", "P0S3-8-12-00.loads"],
  ["P0030801SR02.sb2", "image", "P0030801SR02.sb2"],
  ["P0S30203.bin", "image", "P0S30203.bin"],
])("%s is read as %s", (asked, kind, canonical) => {
  expect(cisco7940.named(asked)).toMatchObject({ kind, canonical });
});

test("a name that carries a MAC gives it in its one form", () => {
  expect(cisco7940.named("SIP000E84C060A6.cnf")?.mac).toBe("000e84c060a6");
});

test.each(["POS3-08-12-00.sb2", "term41.default.loads", "000000000000.cfg", "../OS79XX.TXT", "OS79XX.TXT\n", ""])(
  "%j is no file of a 7940 or 7960",
  (name) => expect(cisco7940.named(name)).toBeUndefined(),
);

test("whatever is read as a name of this family keeps to letters, digits and a few signs", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 512, unit: "binary" }), (name) => {
      const file = cisco7940.named(name);
      if (file !== undefined) expect(file.canonical).toMatch(/^[\w./ -]{1,100}$/);
    }),
  );
});

test.each(["7960", "7960G", "CP-7960G", "cp7960g", "IP Phone 7960", "Cisco 7960", "Cisco IP Phone 7960G"])(
  "a person who writes %j means the 7960",
  (text) => expect(modelOf(text)?.id).toBe("7960"),
);

test("a model nobody makes is not guessed", () => {
  for (const text of ["", "796", "79600", "7961x", "phone"]) expect(modelOf(text)).toBeUndefined();
});

test("a SIP phone that waits for its stage finds a SYNC that restarts it at a check-sync, and no longer once it loads", () => {
  for (const lever of ["os79xx", "image_version"] as const) {
    const { waiting, installing } = cisco7940.view(sip812, sccp809, lever);
    const told = (view: typeof waiting) => view.publications.find(({ kind }) => kind === "syncinfo");
    expect(told(waiting)).toMatchObject({ answer: "rendered", brief: true });
    expect(told(installing)).not.toMatchObject({ brief: true });
  }
  expect(cisco7940.atRest(sip812).publications.find(({ kind }) => kind === "syncinfo")).toMatchObject({ brief: false });
});

const kindsTold = (view: { publications: readonly { kind: string; answer: string }[] }) =>
  view.publications.filter((p) => p.answer === "rendered").map((p) => p.kind);

test("while a phone moves to SIP by OS79XX.TXT, the SCCP configuration is not found", () => {
  const { waiting } = cisco7940.view(sccp31, sip23, "os79xx");
  for (const kind of ["sep-config", "xml-default", "mgcp-config"]) {
    expect(waiting.publications.find((p) => p.kind === kind)?.answer).toBe("absent");
  }
  expect(waiting.publications.find((p) => p.kind === "os79xx")).toMatchObject({ load: "P0S30203" });
});

test("a SIP 2.x phone is given a SIPDefault.cnf with its load alone, a later one the whole", () => {
  const briefly = cisco7940
    .view(sip23, sip44, "image_version")
    .waiting.publications.find((p) => p.kind === "sip-default");
  expect(briefly).toMatchObject({ load: "P0S3-04-4-00", brief: true });
  expect(cisco7940.atRest(sip44).publications.find((p) => p.kind === "sip-default")).toMatchObject({ brief: false });
});

test("OS79XX.TXT names the loader of a universal package, never its application", () => {
  const told = cisco7940.view(sccp809, sip812, "load_information").waiting.publications;
  expect(told.find((p) => p.kind === "os79xx")).toMatchObject({ load: "P003-8-12-00" });
});

test("once the loader has acted on image_version, the SIP files are gone and XMLDefault.cnf.xml names the SCCP load", () => {
  const { waiting, installing } = cisco7940.view(sip812, sccp809, "image_version");
  expect(kindsTold(waiting)).toContain("sip-default");
  expect(kindsTold(installing)).not.toContain("sip-default");
  expect(installing.publications.find((p) => p.kind === "xml-default")).toMatchObject({ load: "P00308000900" });
});

test("only the twin of an image that the phone's own release would ask for is required", () => {
  expect(cisco7940.wanted(sccp31, sccp505)).toEqual(["P00305000500.bin"]);
  expect(cisco7940.wanted(sccp505, sccp809)).toEqual(["P00308000900.sbn", "P00308000900.loads", "P00308000900.sb2"]);
  expect(cisco7940.wanted(undefined, sccp505)).toHaveLength(2);
});

test("every view answers each configuration file of both protocols one way or the other", () => {
  const kinds = ["os79xx", "sep-config", "xml-default", "sip-default", "sip-config", "mgcp-config", "ctl"];
  for (const [from, to, lever] of [
    [sccp31, sccp505, "load_information"],
    [sccp505, sccp809, "load_information"],
    [sccp809, sip812, "load_information"],
    [sip812, sccp809, "image_version"],
    [sccp31, sip23, "os79xx"],
  ] as const) {
    const stage = cisco7940.view(from, to, lever);
    for (const view of [stage.waiting, stage.installing, cisco7940.atRest(to)]) {
      for (const kind of kinds) expect(view.publications.filter((p) => p.kind === kind)).toHaveLength(1);
    }
  }
});
