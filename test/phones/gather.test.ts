import fc from "fast-check";
import { expect, test } from "vitest";
import { gatherPhones } from "../../src/phones/gather.ts";

const octets = (text: string) => new TextEncoder().encode(text);
const gather = (...files: readonly (readonly [path: string, text: string])[]) =>
  gatherPhones(files.map(([path, text]) => ({ path, octets: octets(text) })));

test("SIP<MAC>.cnf gives lines, a label and, with a third line, the model", () => {
  const text = [
    'line1_name: "201" ; Anna',
    "line1_authname: 201-phone",
    'line1_password: "a;b"',
    'line1_displayname: "Anna Muster"',
    "line2_name: UNPROVISIONED",
    "line3_name: 203",
    "phone_label: Lobby",
  ].join("\r\n");
  const { phones, notes } = gather(["tftpboot/SIP000E84C060A6.cnf", text]);
  expect(phones).toEqual([
    {
      mac: "000e84c060a6",
      model: "7960",
      lines: [{ name: "201", authName: "201-phone", password: "a;b", displayName: "Anna Muster" }, { name: "203" }],
      settings: { phone_label: "Lobby" },
    },
  ]);
  expect(notes).toEqual([{ file: "000e84c060a6", message: "line 3 becomes line 2" }]);
});

test("SEP<MAC>.cnf.xml gives its registered lines and its model", () => {
  const line = (n: number, inner: string) => `<line button="${n}" lineIndex="${n}">${inner}</line>`;
  const xml = `<device><loadInformation model="Cisco 7961">x</loadInformation><sipProfile><phoneLabel>Hall</phoneLabel><sipLines>${line(1, "<featureID>9</featureID><name>201</name><authPassword>p&amp;w</authPassword>")}${line(2, "<featureID>2</featureID><speedDialNumber>9</speedDialNumber>")}</sipLines></sipProfile></device>`;
  expect(gather(["SEP001B2A893698.cnf.xml", xml]).phones).toEqual([
    { mac: "001b2a893698", model: "7961", label: "Hall", lines: [{ name: "201", password: "p&w" }], settings: {} },
  ]);
});

test("Polycom files give registrations, whatever elements group them", () => {
  const cfg =
    '<phone1><reg reg.1.address="301@pbx" reg.1.auth.userId="301" reg.1.auth.password="pw" reg.1.displayName="Bob"/></phone1>';
  expect(gather(["0004f2abcdef-extension.cfg", cfg]).phones).toEqual([
    {
      mac: "0004f2abcdef",
      lines: [{ name: "301", authName: "301", password: "pw", displayName: "Bob" }],
      settings: {},
    },
  ]);
});

test("pjsip.conf and sip.conf give what the phones' files do not know", () => {
  const cnf = ["SIP000E84C060A6.cnf", "line1_name: 201\nline2_name: 202\n"] as const;
  const pjsip = `
[tpl](!)
type=endpoint
[201](tpl)
auth = 201-auth
callerid = "Anna Muster" <201>
[201-auth]
type=auth
username=anna ; login
password=s3c\\;ret
`;
  const sip = '[general]\nport=5060\n[202]\ntype=friend\nsecret=two\ncallerid="Bob" <202>\n';
  expect(gather(cnf, ["asterisk/pjsip.conf", pjsip], ["asterisk/sip.conf", sip]).phones[0]?.lines).toEqual([
    { name: "201", displayName: "Anna Muster", authName: "anna", password: "s3c;ret" },
    { name: "202", displayName: "Bob", password: "two" },
  ]);
});

test("a CUCM export gives device, description, numbers and labels", () => {
  const csv =
    "Device Name,Description,Device Type,Directory Number 1,Line Text Label 1,Display 1,Directory Number 2\nSEP000E84C060A6,Lobby,Cisco 7960,201,Desk,Anna,202\n";
  expect(gather(["bat.csv", csv]).phones).toEqual([
    {
      mac: "000e84c060a6",
      model: "7960",
      label: "Lobby",
      lines: [{ name: "201", label: "Desk", displayName: "Anna" }, { name: "202" }],
      settings: {},
    },
  ]);
});

test("FusionPBX lines of one device come together, FreePBX extensions become accounts", () => {
  const fusion =
    "device_mac_address,device_label,line_number,user_id,auth_id,password,display_name\n00-0e-84-c0-60-a6,Hall,1,201,201a,pw,Anna\n00-0e-84-c0-60-a6,Hall,2,202,,,Bob\n";
  const free = "extension,name,secret\n202,Robert,two\n";
  expect(gather(["devices.csv", fusion], ["bulk.csv", free]).phones).toEqual([
    {
      mac: "000e84c060a6",
      label: "Hall",
      lines: [
        { name: "201", authName: "201a", password: "pw", displayName: "Anna" },
        { name: "202", displayName: "Bob", password: "two" },
      ],
      settings: {},
    },
  ]);
});

test("of two files for one phone the first that names a thing is believed", () => {
  const one = ["SIP000E84C060A6.cnf", "line1_name: 201\n"] as const;
  const two = [
    "SEP000E84C060A6.cnf.xml",
    '<device><loadInformation model="IP Phone 7940"/><sipProfile><sipLines><line lineIndex="1"><featureID>9</featureID><name>999</name><authPassword>pw</authPassword></line></sipLines></sipProfile></device>',
  ] as const;
  expect(gather(one, two).phones).toEqual([
    { mac: "000e84c060a6", model: "7940", lines: [{ name: "201", password: "pw" }], settings: {} },
  ]);
});

test("a file that cannot be read is named and passed over", () => {
  expect(gather(["SEP000E84C060A6.cnf.xml", "<device>"]).notes[0]?.message).toContain("well-formed");
  expect(gather(["SEP000E84C060A6.cnf.xml", '<!DOCTYPE a [<!ENTITY x "y">]><device/>']).notes[0]?.message).toContain(
    "document type",
  );
  expect(gather(["README", "x"], ["other.xml", "<a/>"])).toEqual({ phones: [], notes: [] });
});

test("no content ends the gathering, and no note repeats it", () => {
  const names = ["SIP000E84C060A6.cnf", "SEP000E84C060A6.cnf.xml", "0004f2abcdef.cfg", "pjsip.conf", "bat.csv"];
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 120 }),
    fc.constantFrom(
      "extension,mac\n",
      "device name\nSEPx",
      "[a](b)\n",
      "<device><sipProfile>",
      "line1_name: __proto__\n",
    ),
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(...names), fc.array(text, { maxLength: 3 })), { maxLength: 3 }),
      (files) => {
        gather(...files.map(([name, parts]) => [name, parts.join("")] as const));
      },
    ),
    { numRuns: 200 },
  );
});
