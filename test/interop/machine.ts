import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { inNamespace, type Place } from "./dhcp-network.ts";

/** A computer with nothing but a network card, on the switch of a place; its firmware is talked to over the serial line. */
export interface Machine {
  /** Types a line, waits for the next prompt and gives what was printed between; throws when it does not come. */
  say(line: string, seconds?: number): Promise<string>;
  /** Whether these octets stand in its memory, one after the other. */
  holds(octets: Uint8Array): boolean;
  off(): Promise<void>;
}

/** How a firmware is started and talked to. */
export interface Firmware {
  readonly name: string;
  readonly command: readonly string[];
  readonly memory: number;
  readonly card: string;
  /** What it prints when a key makes it stop its boot, and that key. */
  readonly interrupt: readonly [RegExp, string];
  readonly prompt: RegExp;
}

/** Debian's ROM of the network card, whose keyboard is SeaBIOS's. */
export const IPXE: Firmware = {
  name: "iPXE",
  command: ["qemu-system-x86_64", "-machine", "pc,graphics=off,memory-backend=ram", "-boot", "n"],
  memory: 64,
  card: "virtio-net-pci",
  interrupt: [/Ctrl-B for the iPXE command line/, "\x02"],
  prompt: /iPXE> *$/,
};

/** The boot loader of many small devices. */
export const UBOOT: Firmware = {
  name: "U-Boot",
  command: ["qemu-system-arm", "-machine", "virt,memory-backend=ram", "-bios", "/usr/lib/u-boot/qemu_arm/u-boot.bin"],
  memory: 128,
  card: "virtio-net-device",
  interrupt: [/Hit any key to stop autoboot/, "\n"],
  prompt: /\n=> $/,
};

/** Switches a machine on, on the switch `sw` or `sw2`, and stops it at its prompt. */
export async function boot(firmware: Firmware, place: Place, mac: string, folder: string): Promise<Machine> {
  const ram = join(folder, "ram");
  // What the last machine had in it.
  rmSync(ram, { force: true });
  plug(place);
  const [program = "", ...words] = firmware.command;
  const parts = [
    ...["-accel", "tcg", "-nodefaults", "-display", "none", "-serial", "stdio", "-m", `${firmware.memory}`],
    ...["-object", `memory-backend-file,id=ram,size=${firmware.memory}M,mem-path=${ram},share=on`],
    ...["-netdev", "tap,id=net0,ifname=tap0,script=no,downscript=no"],
    ...["-device", `${firmware.card},netdev=net0,mac=${mac}`],
  ];
  const child = spawn("ip", inNamespace(place, [program, ...words, ...parts]));
  const line = serialLine(child);
  const [sign, key] = firmware.interrupt;
  await line.until(sign, 30);
  child.stdin.write(key);
  await line.until(firmware.prompt, 20);
  return {
    async say(text, seconds = 30) {
      line.forget();
      for (const piece of `${text}\n`.match(/.{1,4}/gs) ?? []) await line.type(piece);
      return line.until(firmware.prompt, seconds);
    },
    holds: (octets) => readFileSync(ram).includes(Buffer.from(octets)),
    off: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve();
        child.on("close", () => resolve());
        child.kill("SIGKILL");
      }),
  };
}

function plug(place: Place): void {
  const ip = (...words: string[]) => execFileSync("ip", inNamespace(place, ["ip", ...words]), { stdio: "pipe" });
  if (!ip("-br", "link").toString().includes("tap0")) ip("tuntap", "add", "tap0", "mode", "tap");
  ip("link", "set", "tap0", "up", "master", "br0");
}

function serialLine({ stdin, stdout, stderr }: ChildProcess) {
  let printed = "";
  let changed = (): void => {};
  for (const stream of [stdout, stderr])
    stream?.on("data", (text) => {
      printed += String(text);
      changed();
    });
  const wait = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      changed = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  return {
    forget(): void {
      printed = "";
    },
    async until(sign: RegExp, seconds: number): Promise<string> {
      const end = Date.now() + seconds * 1000;
      while (!sign.test(printed)) {
        if (Date.now() > end) throw new Error(`no ${sign} within ${seconds} s: ${printed.slice(-800)}`);
        await wait(200);
      }
      return printed;
    },
    /** Waits for the echo: what comes faster than it is read is lost. */
    async type(piece: string): Promise<void> {
      const wanted = printed.length + piece.length;
      stdin?.write(piece);
      const end = Date.now() + 1000;
      while (printed.length < wanted && Date.now() < end) await wait(100);
    },
  };
}
