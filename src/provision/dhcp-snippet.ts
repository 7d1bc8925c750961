import { type Ipv4, ipv4ToOctets, type Mac, macWithColons } from "../wire/address.ts";

/** The servers that a snippet can be written for. */
export const SNIPPETS = ["isc", "kea", "dnsmasq", "ios", "windows", "mikrotik"] as const;
export type SnippetKind = (typeof SNIPPETS)[number];

/** What somebody else's DHCP server is to tell phones. */
export interface SnippetContent {
  /** In options 66 and 150 and, where the server can set it, siaddr. */
  readonly server: Ipv4;
  /** What Polycom phones read in 66 and 160; the plain address where it is absent. */
  readonly polycomUrl?: string;
  /** Only these; every phone that says by option 60 that it is one, when there are none. */
  readonly macs: readonly Mac[];
}

/**
 * The lines to paste into an existing DHCP server, so that it tells phones where to boot from and changes nothing for
 * anybody else. Each begins with a comment that says where it goes.
 */
export function dhcpSnippet(kind: SnippetKind, content: SnippetContent): string {
  return `${WRITERS[kind](content).join("\n")}\n`;
}

const WRITERS: Readonly<Record<SnippetKind, (content: SnippetContent) => readonly string[]>> = {
  isc,
  kea,
  dnsmasq,
  ios,
  windows,
  mikrotik,
};

const CISCO = "Cisco Systems, Inc. IP Phone";

function polycom({ server, polycomUrl }: SnippetContent): string {
  return polycomUrl ?? server;
}

function hexOf(octets: Uint8Array): string {
  return Array.from(octets, (octet) => octet.toString(16).padStart(2, "0")).join("");
}

function hexOfText(text: string): string {
  return hexOf(Uint8Array.from(text, (character) => character.charCodeAt(0) & 255));
}

/** A quotation mark or a backslash would end the string; neither stands in an address or a URL. */
function plain(text: string): string {
  return text.replace(/["\\\r\n]/g, "");
}

function isc(content: SnippetContent): string[] {
  const { server, macs } = content;
  const options = (url: string) => [
    `  next-server ${server};`,
    `  option tftp-server-name "${plain(url)}";`,
    `  option phone-tftp-servers ${server};`,
    `  option phone-boot-server "${plain(polycom(content))}";`,
  ];
  const head = [
    "# dhcpd.conf, outside of every subnet; then restart isc-dhcp-server.",
    "option phone-tftp-servers code 150 = array of ip-address;",
    "option phone-boot-server code 160 = text;",
  ];
  // A phone that forgets to ask is told all the same: 42 96 a0 is the list 66, 150, 160.
  const asked = "  option dhcp-parameter-request-list = concat(option dhcp-parameter-request-list, 42,96,a0);";
  if (macs.length > 0)
    return [
      ...head,
      ...macs.flatMap((mac) => [
        `host phone-${mac} {`,
        `  hardware ethernet ${macWithColons(mac)};`,
        asked,
        ...options(server),
        "}",
      ]),
    ];
  return [
    ...head,
    'class "cisco-phones" {',
    `  match if substring(option vendor-class-identifier, 0, ${CISCO.length}) = "${CISCO}";`,
    asked,
    ...options(server),
    "}",
    'class "polycom-phones" {',
    '  match if substring(option vendor-class-identifier, 0, 7) = "Polycom"',
    "    or substring(option vendor-class-identifier, 0, 4) = 00:00:36:3d;",
    asked,
    ...options(polycom(content)),
    "}",
  ];
}

function kea(content: SnippetContent): string[] {
  const { server, macs } = content;
  // As octets, because definitions of these codes differ between releases of Kea.
  const option = (code: number, data: string) => ({
    code,
    space: "dhcp4",
    "csv-format": false,
    "always-send": true,
    data,
  });
  const options = (url: string) => [
    option(66, hexOfText(url)),
    option(150, hexOf(ipv4ToOctets(server))),
    option(160, hexOfText(polycom(content))),
  ];
  const part =
    macs.length > 0
      ? {
          "reservations-global": true,
          "reservations-in-subnet": true,
          reservations: macs.map((mac) => ({
            "hw-address": macWithColons(mac),
            "next-server": server,
            "option-data": options(server),
          })),
        }
      : {
          "client-classes": [
            {
              name: "cisco-phones",
              test: `substring(option[60].hex,0,${CISCO.length}) == '${CISCO}'`,
              "next-server": server,
              "option-data": options(server),
            },
            {
              name: "polycom-phones",
              test: "substring(option[60].hex,0,7) == 'Polycom' or substring(option[60].hex,0,4) == 0x0000363d",
              "next-server": server,
              "option-data": options(polycom(content)),
            },
          ],
        };
  return [
    '// kea-dhcp4.conf, into "Dhcp4"; then kea-shell config-reload or restart kea-dhcp4-server.',
    ...JSON.stringify({ Dhcp4: part }, undefined, 2).split("\n"),
  ];
}

function dnsmasq(content: SnippetContent): string[] {
  const { server, macs } = content;
  const told = (tag: string, url: string) => [
    `dhcp-option-force=tag:${tag},66,"${plain(url)}"`,
    `dhcp-option-force=tag:${tag},150,${server}`,
    `dhcp-option-force=tag:${tag},160,"${plain(polycom(content))}"`,
    // Without it siaddr is dnsmasq's own address, and phones differ in which of the three they believe.
    `dhcp-option-force=tag:${tag},option:server-ip-address,${server}`,
  ];
  const head = "# A file below /etc/dnsmasq.d; then restart dnsmasq.";
  if (macs.length > 0)
    return [
      head,
      ...macs.map((mac) => `dhcp-mac=set:provision-phone,${macWithColons(mac)}`),
      ...told("provision-phone", server),
    ];
  return [
    head,
    `dhcp-vendorclass=set:cisco-phone,"${CISCO}"`,
    "dhcp-vendorclass=set:polycom-phone,Polycom",
    ...told("cisco-phone", server),
    ...told("polycom-phone", polycom(content)),
  ];
}

function ios(content: SnippetContent): string[] {
  const { server, macs } = content;
  const options = [
    ` next-server ${server}`,
    ` option 66 ascii "${plain(polycom(content))}"`,
    ` option 150 ip ${server}`,
    ` option 160 ascii "${plain(polycom(content))}"`,
  ];
  if (macs.length === 0)
    return [
      "! In configuration mode: add these lines to the pool of the voice VLAN, whose name stands in place of VOICE.",
      "ip dhcp pool VOICE",
      ...options,
    ];
  return [
    "! In configuration mode. IOS binds options of one client to a fixed address: put it in place of ADDRESS MASK.",
    ...macs.flatMap((mac) => [
      `ip dhcp pool PHONE-${mac.toUpperCase()}`,
      " host ADDRESS MASK",
      ` client-identifier ${`01${mac}`.replace(/.{4}(?=.)/g, "$&.")}`,
      ...options,
    ]),
  ];
}

function windows(content: SnippetContent): string[] {
  const { server, macs } = content;
  const definitions = [
    "# PowerShell as administrator on the DHCP server.",
    'Add-DhcpServerv4OptionDefinition -OptionId 150 -Name "Phone TFTP servers" -Type IPv4Address -MultiValued',
    'Add-DhcpServerv4OptionDefinition -OptionId 160 -Name "Phone boot server" -Type String',
  ];
  const values = (where: string) => [
    `Set-DhcpServerv4OptionValue${where} -OptionId 66 -Value "${plain(polycom(content))}"`,
    `Set-DhcpServerv4OptionValue${where} -OptionId 150 -Value ${server}`,
    `Set-DhcpServerv4OptionValue${where} -OptionId 160 -Value "${plain(polycom(content))}"`,
  ];
  if (macs.length > 0)
    return [
      ...definitions,
      `Add-DhcpServerv4Policy -Name "Provision phones" -Condition Or -MacAddress EQ,${macs.map((mac) => mac.toUpperCase().replace(/..(?=.)/g, "$&-")).join(",")}`,
      ...values(' -PolicyName "Provision phones"'),
    ];
  return [
    ...definitions,
    ...values(""),
    "# The same by netsh:",
    '# netsh dhcp server add optiondef 150 "Phone TFTP servers" IPADDRESS 1',
    `# netsh dhcp server set optionvalue 66 STRING "${plain(polycom(content))}"`,
    `# netsh dhcp server set optionvalue 150 IPADDRESS ${server}`,
  ];
}

function mikrotik(content: SnippetContent): string[] {
  const { server, macs } = content;
  const url = polycom(content);
  const head = [
    "# In the terminal of RouterOS.",
    `/ip dhcp-server option add name=phone-66 code=66 value=0x${hexOfText(url)}`,
    `/ip dhcp-server option add name=phone-150 code=150 value=0x${hexOf(ipv4ToOctets(server))}`,
    `/ip dhcp-server option add name=phone-160 code=160 value=0x${hexOfText(url)}`,
    "/ip dhcp-server option sets add name=phones options=phone-66,phone-150,phone-160",
  ];
  if (macs.length > 0)
    return [
      ...head,
      ...macs.map(
        (mac) =>
          `/ip dhcp-server lease set [find mac-address=${macWithColons(mac).toUpperCase()}] dhcp-option-set=phones`,
      ),
    ];
  return [
    ...head,
    "# On the network of the phones, whose address stands in place of 192.0.2.0/24:",
    `/ip dhcp-server network set [find address=192.0.2.0/24] dhcp-option-set=phones next-server=${server}`,
  ];
}
