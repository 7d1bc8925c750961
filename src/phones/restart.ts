import type { Because } from "../firmware/because.ts";
import type { Protocol } from "../firmware/release.ts";

/** How a phone is made to start again without a hand at its plug. */
export type RestartWay =
  | {
      readonly by: "notify";
      readonly event: "check-sync" | "service-control";
      /** Lines of a text/plain body. */
      readonly body?: readonly string[];
      /** What the admin should know beforehand. */
      readonly caution: string;
      readonly because: Because;
    }
  | { readonly by: "power-cycle"; readonly because: Because };

type Row = RestartWay & { readonly families: readonly string[]; readonly protocol?: Protocol };

const rows: readonly Row[] = [
  {
    families: ["cisco-7940"],
    protocol: "SIP",
    by: "notify",
    event: "check-sync",
    caution:
      "It waits until it has been idle for 20 seconds, reads syncinfo.xml and starts again where SYNC differs from its own: while it waits for its stage, or by the setting syncinfo_sync.",
    because: {
      reason: "SIP 2.0 and newer read syncinfo.xml on a NOTIFY with Event: check-sync; no password is asked for",
      source: "Cisco 7960G/7940G SIP administrator's guide 8.0",
      grade: "A",
    },
  },
  {
    families: ["cisco-java", "cisco-69xx", "cisco-894x"],
    protocol: "SIP",
    by: "notify",
    event: "service-control",
    // `reset` starts with DHCP and TFTP again; `restart` would only read the configuration.
    body: [
      "action=reset",
      "RegisterCallId={}",
      "ConfigVersionStamp={00000000-0000-0000-0000-000000000000}",
      "DialplanVersionStamp={00000000-0000-0000-0000-000000000000}",
      "SoftkeyVersionStamp={00000000-0000-0000-0000-000000000000}",
    ],
    caution: "Only a phone that is registered as with a CallManager listens, and mostly to its own PBX alone.",
    because: {
      reason: "CallManager-mode SIP loads from 8.x on take Event: service-control with this body",
      source: "usecallmanager.nz, cisco-reset",
      grade: "B",
    },
  },
  {
    families: ["polycom"],
    protocol: "SIP",
    by: "notify",
    event: "check-sync",
    caution: "It starts again only where a file of its master configuration has changed, unless alwaysReboot is set.",
    because: {
      reason: "Polycom phones look for changed files on a NOTIFY with Event: check-sync",
      source: "sipXecs, Wazo and the vendor's polycomConfig.xsd",
      grade: "A",
    },
  },
];

const unplug: RestartWay = {
  by: "power-cycle",
  because: {
    reason: "No source gives a restart over the network for this phone as it runs now",
    source: "no source was found",
    grade: "D",
  },
};

/** The way to restart a phone of this family that runs this protocol; `protocol` is undefined while nobody knows it. */
export function restartWay(family: string, protocol: Protocol | undefined): RestartWay {
  const row = rows.find((one) => one.families.includes(family) && one.protocol === protocol);
  if (row === undefined) return unplug;
  const { families: _, protocol: __, ...way } = row;
  return way;
}

/** How the power of one port is taken away and given back, where the phone hangs on a PoE switch. */
export interface PoeSwitch {
  readonly kind: string;
  readonly off: string;
  readonly on: string;
  readonly because: Because;
}

const COMMANDS = "Configurations and scripts in public repositories";

export const poeSwitches: readonly PoeSwitch[] = [
  {
    kind: "Cisco IOS",
    off: "interface Gi1/0/12; power inline never",
    on: "power inline auto",
    because: { reason: "Both commands are used so", source: COMMANDS, grade: "B" },
  },
  {
    kind: "HPE and Aruba",
    off: "interface 12; no power-over-ethernet",
    on: "power-over-ethernet",
    because: { reason: "Both commands are used so", source: COMMANDS, grade: "B" },
  },
  {
    kind: "Juniper",
    off: "set poe interface ge-0/0/12 disable; commit",
    on: "delete poe interface ge-0/0/12 disable; commit",
    because: { reason: "Both commands are used so", source: COMMANDS, grade: "B" },
  },
  {
    kind: "MikroTik",
    off: "/interface ethernet poe set ether12 poe-out=off",
    on: "/interface ethernet poe set ether12 poe-out=auto-on",
    because: { reason: "Both commands are used so", source: COMMANDS, grade: "B" },
  },
  {
    kind: "Any with SNMP",
    off: "snmpset … 1.3.6.1.2.1.105.1.1.1.3.1.12 i 2",
    on: "snmpset … 1.3.6.1.2.1.105.1.1.1.3.1.12 i 1",
    because: {
      reason: "pethPsePortAdminEnable of group 1, port 12: 2 is off, 1 is on",
      source: "RFC 3621",
      grade: "A",
    },
  },
];

/** What to do by hand, and how to do it from a switch. */
export const powerCycle: readonly string[] = [
  "Power-cycle the phone: unplug it, count to ten, plug it in.",
  `From a PoE switch: take the power off its port for ten seconds. ${poeSwitches
    .map(({ kind, off, on }) => `${kind}: \`${off}\`, then \`${on}\``)
    .join(". ")}.`,
];
