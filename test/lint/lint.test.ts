import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LINT_CODES } from "../../src/lint/codes.ts";
import type { LintFile, LintFinding } from "../../src/lint/finding.ts";
import { lint } from "../../src/lint/lint.ts";
import { compileAtaProfile } from "../../src/phones/ata-profile.ts";
import { lintMutations } from "./mutations.ts";

function file(path: string, content: string | Uint8Array): LintFile {
  const octets = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return { path, size: octets.length, octets };
}

function found(...files: readonly (readonly [path: string, content: string | Uint8Array])[]): readonly LintFinding[] {
  return lint(files.map(([path, content]) => file(path, content))).findings;
}

const codes = (findings: readonly LintFinding[]) =>
  findings.map(({ code, line }) => (line === undefined ? code : `${code}:${line}`));

const DEVICE = "<device><deviceProtocol>SIP</deviceProtocol>";
const LINE =
  '<line button="1" lineIndex="1"><featureID>9</featureID><proxy>p</proxy><port>5060</port><name>201</name></line>';
const sip = (inner: string) => `${DEVICE}<sipProfile><sipLines>${inner}</sipLines></sipProfile></device>`;
const SEP = "SEP000E84C060A6.cnf.xml";
const manager = (inner: string) =>
  `<callManagerGroup><members><member priority="0"><callManager>${inner}</callManager></member></members></callManagerGroup>`;
const PORTS = "<ports><ethernetPhonePort>2000</ethernetPhonePort></ports>";
const NODE = "<processNodeName>192.0.2.1</processNodeName>";

/** A signed file as cisco.md §4.4 lays it out: version, header length, a name, padding; then the body. */
function signed(name: string, body: string): Uint8Array {
  const nameField = [0x0e, 0, name.length + 1, ...new TextEncoder().encode(name), 0];
  const dn = [0x04, 0, 2, 0x41, 0];
  const signer = [0x03, 0, dn.length, ...dn];
  const signature = [0x0c, 1, 0, ...new Uint8Array(256)];
  const length = 400;
  const fields = [0x01, 0, 2, 1, 1, 0x02, 0, 2, length >> 8, length & 0xff, ...signer, ...nameField, ...signature];
  const head = [...fields, ...new Array<number>(length - fields.length).fill(0x0d)];
  return Uint8Array.from([...head, ...new TextEncoder().encode(body)]);
}

describe("what is right is left alone", () => {
  test.each([
    ["OS79XX.TXT", "P003-8-12-00"],
    [
      "SIPDefault.cnf",
      'image_version: "P0S3-8-12-00"\nproxy1_address: "192.0.2.20" ; the PBX\n# comment\n\nstart_media_port: 16384\n',
    ],
    ["SIP000E84C060A6.cnf", 'line1_name: "201"\r\nline1_password: "a;b#c"\r\n'],
    [SEP, sip(LINE)],
    [SEP, "<device><deviceProtocol>SIP</deviceProtocol><loadInformation>P0S3-8-12-00</loadInformation></device>"],
    [
      "XMLDefault.cnf.xml",
      `<Default>${manager(PORTS + NODE)}<loadInformation7 model="IP Phone 7960">P0S3-8-12-00</loadInformation7></Default>`,
    ],
    ["dialplan.xml", '<DIALTEMPLATE><TEMPLATE MATCH="*" Timeout="5"/></DIALTEMPLATE>'],
    ["RINGLIST.DAT", "Bell\tbell.pcm\n"],
    [
      "gkdefault.txt",
      "#txt\nUseTftp:1\nupgradecode:3,0x601,0x0400,0x0100,0,69,0x060412a,CP7912080001SIP060412A.sbin\n",
    ],
    [
      "000000000000.cfg",
      '<APPLICATION APP_FILE_PATH="sip.ld" CONFIG_FILES="[PHONE_MAC_ADDRESS]-extension.cfg, site.cfg"><APPLICATION_SPIP301 APP_FILE_PATH_SPIP301="sip_318.ld"/></APPLICATION>',
    ],
    [
      "site.cfg",
      '<PHONE_CONFIG><ALL device.set="1" device.auth.localAdminPassword="x9" voIpProt.server.1.port="5060" voIpProt.server.1.transport="UDPOnly"/></PHONE_CONFIG>',
    ],
    ["dhcpd.conf", 'option vlan "VLAN-A=10+0x14;";\n'],
    ["README.md", "anything"],
    ["P0S3-8-12-00.loads", signed("P0S3-8-12-00.loads", "")],
  ])("%s", (path, content) => {
    expect(codes(found([path, content]))).toEqual([]);
  });
});

describe("every trap has its code", () => {
  test.each<readonly [path: string, content: string, wanted: readonly string[]]>([
    ["os79xx.txt", "P0S30203", ["name-case"]],
    ["OS79XX.TXT", "POS30203", ["letter-o:1"]],
    ["OS79XX.TXT", "P0S30203.bin", ["os79xx-extension:1"]],
    ["OS79XX.TXT", "P0S30203 ", ["os79xx-line:1"]],
    ["OS79XX.TXT", "P0S30203\r\n", ["os79xx-line:1"]],
    ["OS79XX.TXT", "P0S3-07-4-00", ["os79xx-application:1"]],
    ["OS79XX.TXT", "P003-08-12-00", ["load-misspelt:1"]],
    ["OS79XX.TXT", "", ["empty-file"]],
    ["SIPDefault.cnf", "", ["empty-file"]],
    ["sip000e84c060a6.CNF", 'line1_name: "1"\n', ["name-case"]],
    ["SIP000E84C060A6.cnf", 'phone_label: "x"\n', ["no-line"]],
    ["SIP000E84C060.cnf", "x", ["name-mac"]],
    ["SIPDefault.cnf.txt", "x", ["name-extension"]],
    ["SIPDefault.cnf", "image_version POS30203\n", ["cnf-syntax:1"]],
    ["SIPDefault.cnf", 'image_version: "POS3-8-12-00"\n', ["letter-o:1"]],
    ["SIPDefault.cnf", "image_version: P0S3-8-12-00.sb2\n", ["load-extension:1"]],
    ["SIPDefault.cnf", 'proxy1_address: "192.0.2.1\n', ["cnf-syntax:1"]],
    ["SIPDefault.cnf", "start_media_port: 16348\n", ["cnf-range:1"]],
    ["SIPDefault.cnf", "end_media_port: 32768\n", ["cnf-range:1"]],
    ["SIPDefault.cnf", "sync: 1\nsync: 2\n", ["cnf-duplicate:2"]],
    ["SIPDefault.cnf", "Telnet_Level: 1\n", ["cnf-unknown-key:1"]],
    ["SIPDefault.cnf", "nonsense: 1\n", ["cnf-unknown-key:1"]],
    ["SIPDefault.cnf", "reg.1.address: 201\n", ["polycom-key:1"]],
    ["SIPDefault.cnf", "phone_password: cisco\n", ["default-password:1"]],
    ["SIPDefault.cnf", `# ${"x".repeat(8200)}\n`, ["too-large"]],
    [SEP, "<device><deviceProtocol>SIP</device>", ["xml-malformed:1"]],
    [SEP, "<device>\n<loadInformation>a & b</loadInformation></device>", ["xml-malformed:2"]],
    [SEP, '<!DOCTYPE a [<!ENTITY x "y">]><device/>', ["xml-doctype:1"]],
    [SEP, "<device>\n<loadInformation model=”Cisco 7965”>x</loadInformation></device>", ["xml-quotes:2"]],
    [SEP, "<phone/>", ["xml-root:1"]],
    [SEP, "<device>\n<loadinformation>x</loadinformation></device>", ["xml-unknown-element:2"]],
    [SEP, "<device>\n<loadInformation>SIP41.9-2-1S.loads</loadInformation></device>", ["load-extension:2"]],
    [SEP, `<device><devicePool>${manager(`\n${NODE}${PORTS}`)}</devicePool></device>`, ["ports-after-node:2"]],
    [SEP, "<device><deviceProtocol>SlP</deviceProtocol></device>", ["xml-range:1"]],
    [SEP, sip(""), ["no-line:1"]],
    [SEP, sip(LINE.replace(' button="1"', "")), ["line-attributes:1"]],
    [SEP, sip(LINE.replace("<proxy>p</proxy>", "")), ["line-attributes:1"]],
    [SEP, sip(LINE.replace("</line>", `<authPassword>${"x".repeat(13)}</authPassword></line>`)), ["password-length:1"]],
    [SEP, sip(LINE.replace("</line>", `<authPassword>${"x".repeat(32)}</authPassword></line>`)), ["xml-range:1"]],
    [SEP, `${DEVICE}<sipProfile><phoneLabel>my phone</phoneLabel>${LINE}</sipProfile></device>`, ["xml-range:1"]],
    [SEP, "<device><transportLayerProtocol>9</transportLayerProtocol></device>", ["xml-range:1"]],
    [
      "XMLDefault.cnf.xml",
      '<Default>\n<loadInformation5 model="Cisco 7961">SCCP41.9-4-2-1S</loadInformation5></Default>',
      ["default-minimum", "model-code:2"],
    ],
    ["xmldefault.cnf.xml", `<Default>${manager(PORTS + NODE)}</Default>`, ["name-case"]],
    [
      "dialplan.xml",
      '<DialTemplate><template match="*" Timeout="5"/></DialTemplate>',
      ["dialplan-case:1", "dialplan-case:1", "dialplan-case:1"],
    ],
    ["RINGLIST.DAT", "Bell bell.pcm\n", ["ringlist:1"]],
    ["gkdefault.txt", "#txt\nNoSuch:1\n", ["ata-line:2"]],
    [
      "gkdefault.txt",
      "#txt\nupgradecode:3,0x601,0x0400,0x0100,0.0.0.0,69,0x060412a,CP7940080001SIP060412A.sbin\n",
      ["upgradecode-model:2"],
    ],
    [
      "gkdefault.txt",
      "#txt\nupgradecode:3,0x501,0x0400,0x0100,0.0.0.0,69,0x060412a,CP7912080001SIP060412A.sbin\n",
      ["upgradecode-model:2"],
    ],
    ["gkdefault.cfg", "#txt\nUseTftp:1\n", ["ata-profile"]],
    ["0000000000000.cfg", "<APPLICATION/>", ["twelve-zeros"]],
    ["0004F2ABCDEF.cfg", "<APPLICATION/>", ["name-case"]],
    ["0004f2abcdef.cfg", '<PHONE_CONFIG><ALL reg.1.address="1"/></PHONE_CONFIG>', ["polycom-no-application:1"]],
    ["0004f2abcdef.cfg", '<APPLICATION CAPABILITIES_FILE="x"/>', ["polycom-attribute:1"]],
    ["0004f2abcdef.cfg", '<APPLICATION APP_FILE_PATH="3111-44500-001.sip.ld"/>', ["polycom-part-number:1"]],
    ["0004f2abcdef.cfg", '<APPLICATION CONFIG_FILES="[PHONE_MAC_ADDRESS] -extension.cfg"/>', ["polycom-path:1"]],
    ["0004f2abcdef.cfg", '<APPLICATION CONFIG_FILES="[MACADDR]-extension.cfg"/>', ["polycom-path:1"]],
    [
      "site.cfg",
      '<PHONE_CONFIG><ALL device.auth.localAdminPassword="456"/></PHONE_CONFIG>',
      ["default-password:1", "polycom-device-set:1"],
    ],
    [
      "site.cfg",
      '<PHONE_CONFIG><ALL voIpProt.server.1.port="70000" voIpProt.server.1.transport="udp"/></PHONE_CONFIG>',
      ["polycom-range:1", "polycom-range:1"],
    ],
    ["dhcpd.conf", 'x "VLAN-A=10"\n', ["vlan-a:1"]],
    ["dhcpd.conf", 'x "vlan-a=10;"\n', ["vlan-a:1"]],
    ["dhcpd.conf", 'x "VLAN-A=5000;"\n', ["vlan-a:1"]],
    ["POS3-8-12-00.sb2", "x", ["letter-o"]],
    ["SIPDefault.cnf", 'image_version: "P0S3-8-12-00.load"\n', ["load-extension:1"]],
    ["SIPDefault.cnf", "dial_template: dialplan.xml\n", ["dial-template:1"]],
    ["SIPDefault.cnf", "proxy_register: 0\n", ["not-registering:1"]],
    ["SIPDefault.cnf", "phone_password: Password\n", ["default-password:1"]],
    ["SIP000E84C060A6.cnf", "line1_name: 201\nline1_password: 201\n", ["weak-password:2"]],
    ["SIP000E84C060A6.cnf", "line1_name: 201\nline1_password: changeme\n", ["weak-password:2"]],
    [SEP, sip(LINE.replace("</line>", "<authPassword>201</authPassword></line>")), ["weak-password:1"]],
    [SEP, sip(LINE.replace(' lineIndex="1"', "")), ["line-attributes:1"]],
    [SEP, "<device>\n<sipLines/></device>", ["xml-misplaced:2"]],
    [SEP, "<device>\n<sshAccess>1</sshAccess></device>", ["xml-misplaced:2"]],
    [SEP, "<device><vendorConfig>\n<sshAccess>0</sshAccess></vendorConfig></device>", ["access-sense:2"]],
    [SEP, "<device><sshUserId>cisco</sshUserId><sshPassword>cisco</sshPassword></device>", ["default-password:1"]],
    [SEP, "<device><userLocale><name></name></userLocale></device>", ["locale-empty:1"]],
    [SEP, `<device><servicesURL>http://${"x".repeat(260)}</servicesURL></device>`, ["xml-range:1"]],
    [
      SEP,
      `<device><devicePool><callManagerGroup><members>${"<member/>".repeat(6)}</members></callManagerGroup></devicePool></device>`,
      ["xml-range:1"],
    ],
    [
      SEP,
      sip(LINE).replace("<sipLines>", "<natEnabled>yes</natEnabled><dialTemplate>dialplan</dialTemplate><sipLines>"),
      ["dial-template:1", "xml-boolean:1"],
    ],
    [
      SEP,
      sip(LINE).replace(
        "<sipLines>",
        "<sipProxies><registerWithProxy>false</registerWithProxy></sipProxies><sipLines>",
      ),
      ["not-registering:1"],
    ],
    [
      SEP,
      sip(LINE).replace("<sipLines>", "<sipCallFeatures><dndControl>true</dndControl></sipCallFeatures><sipLines>"),
      ["xml-range:1"],
    ],
    [
      SEP,
      '<device><loadInformation model="IP Phone 7961">SIP70.9-4-2-1S</loadInformation></device>',
      ["load-other-model:1"],
    ],
    [
      SEP,
      '<device><loadInformation model="IP Phone 7960">SIP41.9-4-2-1S</loadInformation></device>',
      ["load-other-model:1"],
    ],
    [
      "XMLDefault.cnf.xml",
      `<Default>${manager(PORTS + NODE)}<loadInformation115 model="IP Phone 7941">P00308000500</loadInformation115></Default>`,
      ["load-other-model:1"],
    ],
    [
      "Ringlist.xml",
      `<CiscoIPPhoneRingList>${"<Ring><DisplayName>Bell</DisplayName><FileName>bell.raw</FileName></Ring>".repeat(51)}</CiscoIPPhoneRingList>`,
      ["ringlist"],
    ],
    [
      "Ringlist.xml",
      `<CiscoIPPhoneRingList><Ring><DisplayName>${"x".repeat(26)}</DisplayName><FileName>bell.raw</FileName></Ring></CiscoIPPhoneRingList>`,
      ["ringlist:1"],
    ],
    [
      "000000000000.cfg",
      '<APPLICATION CONFIG_FILES="site.cfg, [PHONE_MAC_ADDRESS]-extension.cfg"/>',
      ["polycom-order:1"],
    ],
    ["0004f2abcdef.cfg", '<APPLICATION CONFIG_FILES="site.cfg,0004f2abcdef-extension.cfg"/>', ["polycom-order:1"]],
    [
      "site.cfg",
      '<PHONE_CONFIG><ALL device.set="1" device.sntp.serverName="a" device.sntp.serverName.set="1" device.sntp.gmtOffset="0"/></PHONE_CONFIG>',
      ["polycom-device-set:1"],
    ],
    [
      "site.cfg",
      '<PHONE_CONFIG><ALL device.set="1" device.prov.user="PlcmSpIp" device.prov.password="PlcmSpIp"/></PHONE_CONFIG>',
      ["default-password:1"],
    ],
    [
      "0004f2abcdef-extension.cfg",
      '<PHONE_CONFIG><ALL reg.1.address="201" reg.1.auth.password="201"/></PHONE_CONFIG>',
      ["weak-password:1"],
    ],
  ])("%s: %j", (path, content, wanted) => {
    expect([...codes(found([path, content]))].sort()).toEqual([...wanted].sort());
  });

  test("a file that is not UTF-8", () => {
    expect(codes(found(["SIPDefault.cnf", Uint8Array.from([0x23, 0x0a, 0x23, 0xfc, 0x0a])]))).toEqual(["encoding:2"]);
  });

  test("a configuration of a size that no phone reads; a picture of that size is none", () => {
    const large = new Uint8Array(1_048_577);
    expect(codes(found([SEP, large]))).toEqual(["too-large"]);
    expect(codes(found(["lobby.png", large], ["README.md", large]))).toEqual([]);
  });

  test("a damaged compiled profile", () => {
    const compiled = compileAtaProfile("#txt\nUseTftp:1\n");
    if (compiled.is !== "compiled") throw new Error("refused");
    expect(found(["gkdefault.cfg", compiled.octets])).toEqual([]);
    expect(codes(found(["gkdefault.cfg", compiled.octets.slice(0, -1)]))).toEqual(["ata-profile"]);
  });
});

describe("files are held against each other", () => {
  const image = signed("P0S3-8-12-00.sb2", "image");
  const list = signed("P0S3-8-12-00.loads", "P003-8-12-00.sbn\nP0S3-8-12-00.sb2\nLA_VERSION=PAS30830\n");

  test("a renamed signed file is refused by the phone", () => {
    expect(codes(found(["P0S3-8-11-00.sb2", image]))).toEqual(["signed-renamed"]);
  });

  test("a .loads list names what is not there", () => {
    const findings = found(["tftp/P0S3-8-12-00.loads", list], ["tftp/P0S3-8-12-00.sb2", image]);
    expect(codes(findings)).toEqual(["package-incomplete"]);
    expect(findings[0]?.message).toContain("P003-8-12-00.sbn");
  });

  test("a file of a package in another letter case", () => {
    const loader = signed("P003-8-12-00.sbn", "x");
    const findings = found(["P0S3-8-12-00.loads", list], ["P0S3-8-12-00.sb2", image], ["p003-8-12-00.sbn", loader]);
    expect(codes(findings).filter((code) => code === "package-incomplete")).toHaveLength(1);
  });

  test("a load that is named and not there", () => {
    const findings = found(["SIPDefault.cnf", "image_version: P0S3-08-11-00\n"], ["P0S3-8-12-00.loads", list]);
    expect(codes(findings)).toContain("load-missing:1");
  });

  test("without images nothing is said about loads", () => {
    expect(found(["SIPDefault.cnf", "image_version: P0S3-08-11-00\n"])).toEqual([]);
  });

  test("a term file of another package than the one the phones are told", () => {
    const sccp = signed("SCCP41.9-4-2-1S.loads", "jar41sccp.9-4-2.sbn\r\n");
    const term = signed("term41.default.loads", "jar41sip.9-4-2.sbn \r\n");
    const jars = ["jar41sccp.9-4-2.sbn", "jar41sip.9-4-2.sbn"].map((name) => [name, signed(name, "x")] as const);
    const told = "<device><loadInformation>SCCP41.9-4-2-1S</loadInformation></device>";
    const findings = found([SEP, told], ["SCCP41.9-4-2-1S.loads", sccp], ["term41.default.loads", term], ...jars);
    expect(codes(findings)).toEqual(["term-other-package"]);
  });

  test("OS79XX.TXT of another package than SIPDefault.cnf", () => {
    const told = (first: string, image: string) =>
      codes(found(["OS79XX.TXT", first], ["SIPDefault.cnf", `image_version: ${image}\n`]));
    expect(told("P003-07-4-00", "P0S3-8-12-00")).toEqual(["os79xx-other-load:1"]);
    expect(told("P0S30203", "P0S3-04-4-00")).toEqual(["os79xx-other-load:1"]);
    expect(told("P003-8-12-00", "P0S3-8-12-00")).toEqual([]);
    expect(told("P0S30203", "P0S30203")).toEqual([]);
    expect(told("P00305000500", "P0S3-06-3-00")).toEqual([]);
  });

  test("what a Polycom master file names and is not there", () => {
    const master =
      '<APPLICATION APP_FILE_PATH="fw/sip.ld" CONFIG_FILES="[PHONE_MAC_ADDRESS]-x.cfg, site.cfg, lost.cfg"/>';
    const site = '<PHONE_CONFIG><ALL voIpProt.server.1.port="5060"/></PHONE_CONFIG>';
    const all = (...more: readonly (readonly [string, string])[]) =>
      found(["root/000000000000.cfg", master], ...more).map(({ code, message }) => `${code}: ${message}`);
    expect(all()).toEqual([]);
    expect(all(["root/site.cfg", site])).toEqual(["polycom-missing: lost.cfg is not there"]);
    expect(all(["root/site.cfg", site], ["root/fw/SIP.LD", "x"])).toHaveLength(2);
    const part = ["root/fw/2345-12600-001.sip.ld", "x"] as const;
    expect(all(["root/site.cfg", site], ["root/lost.cfg", site], part)).toEqual([]);
  });

  test("two files for one phone", () => {
    const line = 'line1_name: "1"\n';
    expect(codes(found(["SIP000E84C060A6.cnf", line], ["sip000e84c060a6.cnf", line]))).toContain("mac-twice");
  });

  test("one MAC in the files of two families", () => {
    expect(
      codes(found(["SIP000E84C060A6.cnf", 'line1_name: "1"\n'], ["000e84c060a6.cfg", "<APPLICATION/>"])),
    ).toContain("two-families");
  });

  test("an SCCP file hides a phone's SIP file", () => {
    const sep = "<device><deviceProtocol>SCCP</deviceProtocol></device>";
    expect(codes(found([SEP, sep], ["SIP000E84C060A6.cnf", 'line1_name: "1"\n']))).toContain("two-protocols");
  });
});

describe("--fix corrects what cannot be wrong", () => {
  test.each([
    ["P0S30203.bin\r\n", "P0S30203"],
    ["POS30203 ", "P0S30203"],
    ["P003-08-12-00\n\n", "P003-8-12-00"],
  ])("OS79XX.TXT %j becomes %j", (before, after) => {
    const { edits } = lint([file("OS79XX.TXT", before)]);
    const [edit] = edits;
    expect(edit?.do === "write" && new TextDecoder().decode(edit.octets)).toBe(after);
    expect(codes(found(["OS79XX.TXT", after]))).toEqual([]);
  });

  test("a letter O in image_version becomes a zero, and nothing else changes", () => {
    const { edits } = lint([file("SIPDefault.cnf", 'a: b\nimage_version: "POS3-8-12-00" ; keep POS3\n')]);
    const written = edits.flatMap((edit) => (edit.do === "write" ? [new TextDecoder().decode(edit.octets)] : []));
    expect(written).toEqual(['a: b\nimage_version: "P0S3-8-12-00" ; keep POS3\n']);
  });

  test.each([
    [
      "SIPDefault.cnf",
      "image_version: POS3-08-12-00.sb2 ; x\r\ndial_template: dialplan.xml\r\n",
      "image_version: P0S3-8-12-00 ; x\r\ndial_template: dialplan\r\n",
    ],
    [
      SEP,
      "\ufeff<device><loadInformation model=”IP Phone 7961”>SIP41.9-4-2-1S.loads</loadInformation></device>",
      '\ufeff<device><loadInformation model="IP Phone 7961">SIP41.9-4-2-1S</loadInformation></device>',
    ],
    [
      "dialplan.xml",
      '<dialtemplate><Template match="*" timeout="5" rewrite="match=1"/></dialtemplate>',
      '<DIALTEMPLATE><TEMPLATE MATCH="*" Timeout="5" Rewrite="match=1"/></DIALTEMPLATE>',
    ],
  ])("%s as it should be, and nothing is found in it afterwards", (name, before, after) => {
    const written = lint([file(name, before)]).edits.map(
      (edit) => edit.do === "write" && new TextDecoder("utf-8", { ignoreBOM: true }).decode(edit.octets),
    );
    expect(written).toEqual([after]);
    expect(lint([file(name, after)])).toEqual({ findings: [], edits: [] });
  });

  test("a file in another encoding is left to its owner", () => {
    const latin = Uint8Array.from([...new TextEncoder().encode("image_version: POS3-8-12-00\n# "), 0xfc, 0x0a]);
    expect(lint([file("SIPDefault.cnf", latin)]).edits).toEqual([]);
  });

  test("thirteen zeros become twelve", () => {
    expect(lint([file("root/0000000000000.cfg", "<APPLICATION/>")]).edits).toEqual([
      { file: "root/0000000000000.cfg", do: "rename", to: "000000000000.cfg" },
    ]);
  });

  test("a name in the wrong case is renamed, unless families disagree", () => {
    expect(lint([file("x/sipdefault.CNF", "sync: 1\n")]).edits).toEqual([
      { file: "x/sipdefault.CNF", do: "rename", to: "SIPDefault.cnf" },
    ]);
    expect(lint([file("sep000e84c060a6.CNF.xml", "<device/>")]).edits).toEqual([]);
  });
});

test("docs/lint.md explains every code, and no other", () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/lint.md"), "utf8");
  const explained = [...page.matchAll(/^## `([a-z0-9-]+)`/gm)].map(([, code]) => code);
  expect(explained.sort()).toEqual(Object.keys(LINT_CODES).sort());
});

test("every trap of the field has a row in docs/lint.md, and every code in a row exists", () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/lint.md"), "utf8");
  const rows = page
    .slice(page.indexOf("| trap | code |"))
    .split("\n")
    .slice(2)
    .filter((row) => row.startsWith("|"));
  expect(rows.length).toBeGreaterThan(50);
  for (const row of rows) {
    const named = [...(row.split("|")[2] ?? "").matchAll(/`([a-z0-9-]+)`/g)].map(([, name]) => name);
    for (const name of named) expect(Object.keys(LINT_CODES), row).toContain(name);
  }
});

test("no finding repeats a password", () => {
  const findings = found(
    ["SIP000E84C060A6.cnf", `line1_password: "${"Canary".repeat(8)}"\nline2_password: "Canary\n`],
    [SEP, sip(LINE.replace("</line>", `<authPassword>${"Canary".repeat(8)}</authPassword></line>`))],
    ["gkdefault.txt", `#txt\nPWD0:${"Canary".repeat(8)}\n`],
    [
      "site.cfg",
      '<PHONE_CONFIG><ALL reg.1.auth.password="Canary" device.auth.localAdminPassword="Canary"/></PHONE_CONFIG>',
    ],
  );
  expect(findings.length).toBeGreaterThan(3);
  expect(JSON.stringify(findings)).not.toContain("Canary");
});

describe("hostile files", () => {
  test("a thousand rounds of changed files never end the linter, and what it corrects stays corrected", () => {
    expect(lintMutations(1000, 5).edits).toBeGreaterThan(10);
  });

  test("mutations of good files never end the linter", () => {
    const names = [
      "OS79XX.TXT",
      "SIPDefault.cnf",
      SEP,
      "XMLDefault.cnf.xml",
      "dialplan.xml",
      "000000000000.cfg",
      "gkdefault.txt",
      "gkdefault.cfg",
      "P0S3-8-12-00.loads",
      "term41.default.loads",
    ];
    const seeds = [
      sip(LINE),
      '<APPLICATION APP_FILE_PATH="sip.ld"/>',
      "#txt\nUseTftp:1\n",
      'image_version: "P0S3-8-12-00"\n',
      '<DIALTEMPLATE><TEMPLATE MATCH="*"/></DIALTEMPLATE>',
    ].map((text) => new TextEncoder().encode(text));
    const mutated = fc
      .tuple(
        fc.constantFrom(...seeds, signed("a.loads", "b.sbn\n")),
        fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 8 }),
      )
      .map(([seed, changes]) => {
        const octets = Uint8Array.from(seed);
        for (const [at, value] of changes) octets[at % octets.length] = value;
        return octets;
      });
    const content = fc.oneof(
      mutated,
      fc.uint8Array({ maxLength: 200 }),
      fc.string({ unit: "binary" }).map((text) => new TextEncoder().encode(text)),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...names), content), { maxLength: 4 }), (files) => {
        lint(files.map(([path, octets]) => file(path, octets)));
      }),
      { numRuns: 200 },
    );
  });

  test.each([
    ["100,000 nested elements", "<a>".repeat(100_000)],
    ["a megabyte of references", `<device>${"&#65;".repeat(200_000)}</device>`],
    ["comments that never end", `<device>${"<!--".repeat(200_000)}`],
    ["attributes without end", `<device ${"a=".repeat(300_000)}`],
    ["billion laughs", '<!DOCTYPE l [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;">]><device>&b;</device>'],
    ["50,000 bad lines", `<device><sipProfile>${"<line/>".repeat(50_000)}</sipProfile></device>`],
  ])("%s are done with in a moment", (_, content) => {
    const begun = performance.now();
    const findings = found([SEP, content]);
    expect(findings.length).toBeLessThanOrEqual(100);
    expect(performance.now() - begun).toBeLessThan(5000);
  });
});
