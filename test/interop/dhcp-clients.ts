import { resolve } from "node:path";
import { type Place, run, runAside } from "./dhcp-network.ts";

/** A DHCP client from Debian. */
export interface DhcpClient {
  readonly name: string;
  readonly program: string;
  readonly package: string;
  /** Runs it on eth0 of a place to its end. `name` is the run's own, for files in `folder`; `script` says yes to everything. */
  ask(at: Asking): Promise<string>;
  /** What it printed where it was served; its group is the address it got. */
  readonly served: RegExp;
}

export interface Asking {
  readonly place: Place;
  readonly name: string;
  readonly folder: string;
  readonly script: string;
  /** An address of the place's subnet that is nobody's, for clients that need to have one already. */
  readonly idle: string;
  /** Where a client that wants an address for its server sends to. */
  readonly server: string;
}

export const PHONE_60 = "Cisco Systems, Inc. IP Phone CP-7960G";

/** `env` with the name of the run, which the script writes what it is told under. */
export const withEnv = (name: string, command: readonly string[]) => ["env", `OUT=${name}`, ...command];

/** dhclient's command line; it stays in the background once it is bound, under the pid that `<folder>/<name>.pid` has. */
export function dhclient({ name, folder, script }: Asking, conf: string, ...more: string[]): string[] {
  const file = (what: string) => `${folder}/${name}.${what}`;
  const files = ["-cf", conf, "-lf", file("leases"), "-pf", file("pid"), "-sf", script, "-e", `OUT=${name}`];
  return withEnv(name, ["dhclient", "-1", "-v", ...files, ...more, "eth0"]);
}

async function withAddress<T>({ place, idle }: Asking, work: () => Promise<T>): Promise<T> {
  run(place, ["ip", "addr", "add", `${idle}/20`, "dev", "eth0"]);
  try {
    return await work();
  } finally {
    run(place, ["ip", "addr", "flush", "dev", "eth0"]);
  }
}

/** Everything but what boots a machine. */
export const DHCP_CLIENTS: readonly DhcpClient[] = [
  {
    name: "dhclient",
    program: "dhclient",
    package: "isc-dhcp-client",
    served: /bound to (\S+)/,
    async ask(at) {
      const printed = await runAside(at.place, dhclient(at, `${at.folder}/dhclient.conf`), 30);
      await runAside(at.place, ["sh", "-c", `kill $(cat ${at.folder}/${at.name}.pid)`]);
      return printed;
    },
  },
  {
    name: "udhcpc",
    program: "udhcpc",
    package: "udhcpc",
    served: /lease of (\S+)/,
    ask: ({ place, name, script }) => {
      const command = ["udhcpc", "-f", "-n", "-q", "-t", "4", "-T", "2", "-i", "eth0", "-O", "tftp", "-O", "150"];
      return runAside(place, withEnv(name, [...command, "-V", "Polycom-SPIP335", "-s", script]));
    },
  },
  {
    name: "dhcpcd",
    program: "dhcpcd",
    package: "dhcpcd-base",
    served: /leased (\S+)/,
    ask: ({ place, name, script }) => {
      const command = ["dhcpcd", "-4", "-1", "-B", "-d", "-t", "12", "-f", "/dev/null", "--noarp", "-c", script];
      return runAside(place, withEnv(name, [...command, "-i", PHONE_60, "eth0"]), 25);
    },
  },
  {
    name: "klibc ipconfig",
    program: "/usr/lib/klibc/bin/ipconfig",
    package: "klibc-utils",
    served: /address: (\S+)/,
    async ask({ place }) {
      const command = ["/usr/lib/klibc/bin/ipconfig", "-t", "10", "-c", "dhcp", "-i", PHONE_60, "-d", "eth0"];
      const printed = await runAside(place, command);
      run(place, ["ip", "addr", "flush", "dev", "eth0"]);
      return printed;
    },
  },
  {
    name: "systemd-networkd",
    program: "/lib/systemd/systemd-networkd",
    package: "systemd",
    served: /ADDRESS=(\S+)/,
    ask: ({ place }) => runAside(place, ["unshare", "-m", "sh", resolve("test/interop/dhcp/networkd.sh"), PHONE_60]),
  },
  {
    name: "nmap",
    program: "nmap",
    package: "nmap",
    served: /IP Offered: (\S+)/,
    ask: (at) =>
      withAddress(at, () =>
        runAside(
          at.place,
          [
            "nmap",
            "--script",
            "broadcast-dhcp-discover",
            "--script-args",
            "broadcast-dhcp-discover.timeout=2s",
            "-e",
            "eth0",
          ],
          40,
        ),
      ),
  },
  {
    name: "dhcping",
    program: "dhcping",
    package: "dhcping",
    served: /Got answer from: (\S+)/,
    ask: (at) =>
      withAddress(at, () =>
        runAside(at.place, ["dhcping", "-v", "-i", "-h", "00:04:f2:00:00:02", "-s", at.server, "-c", at.idle]),
      ),
  },
];
