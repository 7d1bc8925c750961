import fc from "fast-check";
import { expect, test } from "vitest";
import { gatherPhones } from "../../src/phones/gather.ts";
import { readInventory, writeInventory } from "../../src/phones/inventory-csv.ts";

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
    {
      mac: "001b2a893698",
      model: "7961",
      label: "Hall",
      lines: [{ name: "201", password: "p&w" }],
      settings: { speed1: "9" },
    },
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

test("an office's 7960: SIPDefault.cnf for everybody, SIP<MAC>.cnf with keys of its own", () => {
  const defaults = [
    "# office",
    "image_version: P0S3-8-12-00",
    'proxy1_address: "pbx.example.net"',
    "proxy_register: 1",
    "telnet_level: 2",
    "phone_password: cisco1234",
    "time_zone: CET",
  ].join("\n");
  const own = [
    "line1_name: 201",
    'line1_password: "pw"',
    'line2_name: "202"',
    "proxy1_address: pbx.example.net",
    "proxy2_address: pbx.example.net",
    "proxy2_port: 5060",
    "speed_line3: 300",
    'speed_label3: "Boss & Co"',
    "speed_line5: 305",
    "messages_uri: 8500",
    "preferred_codec: g711alaw",
    "start_media_port: 16348",
    "telnet_level: 1",
    "dst_offset: 1",
    "callwaiting: 1",
  ].join("\r\n");
  const { phones, notes } = gather(["SIPDefault.cnf", defaults], ["SIP000E84C060A6.cnf", own]);
  expect(phones[0]).toEqual({
    mac: "000e84c060a6",
    lines: [{ name: "201", password: "pw" }, { name: "202" }],
    settings: {
      sip_proxy: "pbx.example.net",
      speed1: "300",
      speed1_label: "Boss & Co",
      speed3: "305",
      voicemail: "8500",
      codec: "g711alaw",
      telnet_level: "1",
    },
  });
  const told = notes.map(({ message }) => message).join("\n");
  for (const piece of [
    "set site.sip.proxy",
    "set site.timeZone",
    "telnet_level 2; set telnet_level of a group",
    "a password",
    "16384 to 32766",
    "callwaiting is no key",
  ])
    expect(told).toContain(piece);
  expect(told).toContain("no file names its model");
  expect(told).not.toContain("cisco1234");
});

test("a 7961 of a patched Asterisk: call manager proxy, speed dials, a watched key, its transport", () => {
  const xml = `<?xml version="1.0"?><device><devicePool><dateTimeSetting><timeZone>W. Europe Standard/Daylight Time</timeZone></dateTimeSetting></devicePool>
<sipProfile><preferredCodec>g711ulaw</preferredCodec><startMediaPort>16384</startMediaPort><phoneLabel>Hall</phoneLabel><sipLines>
<line button="1" lineIndex="1"><featureID>9</featureID><featureLabel>Hall</featureLabel><proxy>USECALLMANAGER</proxy><port>5060</port><name>301</name><displayName>Hall</displayName><authName>301</authName><authPassword>pw</authPassword><messagesNumber>*97</messagesNumber></line>
<line button="3"><featureID>2</featureID><featureLabel>Taxi</featureLabel><speedDialNumber>0123</speedDialNumber></line>
<line button="4"><featureID>21</featureID><featureLabel>Anna</featureLabel><featureOptionMask>1</featureOptionMask><speedDialNumber>201</speedDialNumber></line>
</sipLines></sipProfile><loadInformation model="Cisco 7961">SIP41.9-4-2SR3-1S</loadInformation><vendorConfig><webAccess>0</webAccess></vendorConfig>
<servicesURL>http://192.0.2.10/s</servicesURL><transportLayerProtocol>4</transportLayerProtocol></device>`;
  const { phones, notes } = gather(["SEP001B2A893698.cnf.xml", xml]);
  expect(phones[0]?.settings).toEqual({
    usecallmanager: "on",
    voicemail: "*97",
    services_url: "http://192.0.2.10/s",
    sip_transport: "tcp",
    web_access: "on",
    speed2: "0123",
    speed2_label: "Taxi",
    speed3: "201",
    speed3_label: "Anna",
    speed3_blf: "on",
  });
  expect(notes[0]?.message).toContain("IANA");
});

test("a Polycom phone: its files and its directory", () => {
  const cfg = `<PHONE_CONFIG><ALL reg.1.address="501" reg.1.auth.userId="501" reg.1.auth.password="pw" reg.1.server.1.address="pbx.example.net" reg.1.lineKeys="2" msg.mwi.1.callBack="*97" attendant.resourceList.1.address="sip:201@pbx.example.net" attendant.resourceList.1.label="Anna" device.auth.localAdminPassword="456"/></PHONE_CONFIG>`;
  const directory = `<directory><item_list><item><ln>Taxi</ln><fn>Red</fn><ct>0123</ct><sd>2</sd></item><item><fn>No key</fn><ct>1</ct></item></item_list></directory>`;
  const { phones, notes } = gather(["0004f2abcdef.cfg", cfg], ["0004f2abcdef-directory.xml", directory]);
  expect(phones[0]).toEqual({
    mac: "0004f2abcdef",
    lines: [{ name: "501", authName: "501", password: "pw" }],
    settings: {
      sip_proxy: "pbx.example.net",
      voicemail: "*97",
      line1_keys: "2",
      speed1: "201",
      speed1_label: "Anna",
      speed1_blf: "on",
      speed2: "0123",
      speed2_label: "Red Taxi",
    },
  });
  expect(notes.map(({ message }) => message).join()).toContain("vendor's default password");
});

test("FreePBX keeps endpoints and passwords in different files, and sections are added to later", () => {
  const endpoint = "[201]\ntype=endpoint\nauth=201-auth\ncallerid=Anna <201>\n[202](+)\ncallerid=Bob <202>\n";
  const auth = "[201-auth]\ntype=auth\nusername=201\npassword=one\n";
  const wizard =
    "[203]\ntype=wizard\ninbound_auth/username=carol\ninbound_auth/password=three\nendpoint/callerid=Carol <203>\n";
  const cnf = "line1_name: 201\nline2_name: 203\n";
  const files = [
    ["SIP000E84C060A6.cnf", cnf],
    ["asterisk/pjsip.endpoint.conf", endpoint],
    ["asterisk/pjsip.auth.conf", auth],
    ["asterisk/pjsip_wizard.conf", wizard],
  ] as const;
  expect(gather(...files).phones[0]?.lines).toEqual([
    { name: "201", displayName: "Anna", password: "one" },
    { name: "203", displayName: "Carol", authName: "carol", password: "three" },
  ]);
});

test("a CUCM export's speed dials and busy lamps follow the lines; FreePBX's secret goes before the user's password", () => {
  const bat =
    "MAC ADDRESS/DEVICE NAME,DESCRIPTION,DEVICE TYPE,DIRECTORY NUMBER 1,SPEED DIAL NUMBER 1,SPEED DIAL LABEL 1,BLF DIRECTORY NUMBER 1,BLF LABEL 1\nSEP000E84C060A6,Lobby,Cisco 7965,201,0123,Taxi,202,Bob\n";
  const bulk = "extension,password,name,devinfo_secret\n201,portal,Anna,phone\n";
  expect(gather(["bat.csv", bat], ["bulk.csv", bulk]).phones[0]).toEqual({
    mac: "000e84c060a6",
    model: "7965",
    label: "Lobby",
    lines: [{ name: "201", displayName: "Anna", password: "phone" }],
    settings: { speed1: "0123", speed1_label: "Taxi", speed2: "202", speed2_label: "Bob", speed2_blf: "on" },
  });
});

test("FusionPBX 5 calls the MAC an address and names the server beside each line", () => {
  const csv =
    "device_address,device_label,line_number,server_address,user_id,password,sip_port\n000e84c060a6,Hall,1,a.example,201,pw,5060\n000e84c060a6,Hall,2,b.example,202,pw2,5080\n";
  expect(gather(["devices.csv", csv]).phones[0]?.settings).toEqual({
    line1_proxy: "a.example",
    line2_proxy: "b.example",
    line2_port: "5080",
  });
});

test("what was gathered goes out as CSV and comes in equal", () => {
  const cnf = 'line1_name: 201\nline1_password: "a;b=c"\nline2_name: 202\nspeed_line3: 300\ndscpForAudio: 184\n';
  const { phones } = gather(["SIP000E84C060A6.cnf", cnf]);
  const read = readInventory(writeInventory(phones, { passwords: true }), (text) => text);
  expect(read).toEqual({ is: "read", phones });
});

test("a Polycom phone's own file under any name, and a Java phone's model by the series of its load", () => {
  const cfg = '<phone1><reg reg.1.address="2004" reg.1.auth.password="pw4"/></phone1>';
  const sep = (load: string) =>
    `<device><loadInformation>${load}</loadInformation><sipProfile><sipLines><line button="1" lineIndex="1"><featureID>9</featureID><name>1</name></line><line button="6"><featureID>2</featureID><speedDialNumber>2</speedDialNumber></line></sipLines></sipProfile></device>`;
  const { phones, notes } = gather(
    ["polycom/phone_0004F2AAAAAA.cfg", cfg],
    ["SEP001B2A0000AA.cnf.xml", sep("SIP45.9-4-2SR3-1S")],
    ["SEP001B2A0000AB.cnf.xml", sep("SIP70.9-4-2SR3-1S")],
  );
  expect(phones.map(({ mac, model, lines }) => [mac, model, lines.length])).toEqual([
    ["0004f2aaaaaa", undefined, 1],
    ["001b2a0000aa", "7965", 1],
    ["001b2a0000ab", undefined, 1],
  ]);
  expect(notes.map(({ message }) => message)).toContain("its load is for 7970, 7971");
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
