import { renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createRandom } from "../../src/sim/random.ts";
import type { TftpOption } from "../../src/wire/tftp.ts";
import { knowledge } from "../boot/world.ts";
import { flipBit } from "../files/damage.ts";
import type { Wire } from "../net/tftp-wire.ts";
import { serveVault, type Target, type VaultService } from "./vault-service.ts";

const blksize = 1428;
const windowsize = 16;

function ask(wire: Wire, service: VaultService, filename: string, ...options: readonly TftpOption[]): void {
  wire.send(service.port, { op: "RRQ", filename, mode: "octet", options });
}

/** Whether one octet of `filename` leaves for the target's phone. */
async function leaves(service: VaultService, target: Target, filename: string): Promise<boolean> {
  const wire = await service.wire(target);
  try {
    ask(wire, service, filename);
    return (await wire.packet()).op !== "ERROR";
  } finally {
    wire.close();
  }
}

/** The files that tell the phone of its stage, as it asks for them. */
function leversOf({ plan, stage, mac }: Target): readonly string[] {
  const family = knowledge.families.find(({ id }) => id === plan.family);
  return stage.view.waiting.publications
    .filter(({ answer }) => answer === "rendered")
    .map(({ kind }) => (family?.printed[kind] ?? kind).replace("<MAC>", mac.toUpperCase()).replace("<mac>", mac));
}

function whole({ path, octets }: Target): void {
  rmSync(path, { force: true });
  writeFileSync(path, octets);
}

test("R40: of 10,000 damaged files of every kind not one octet leaves, and no phone is told of a stage that lacks one", {
  timeout: 1_200_000,
}, async () => {
  // Three chunks of 64 KiB, each with a hash of its own.
  const service = await serveVault(150_000);
  const { next } = createRandom(40);
  const { targets } = service;
  const damages: readonly ((target: Target) => void)[] = [
    ({ path, octets }) => flipBit(path, Math.floor(next() * octets.length)),
    ({ path, octets }) => truncateSync(path, Math.floor(next() * octets.length)),
    // Another file of the vault under this one's name.
    (target) => writeFileSync(target.path, targets.find(({ path }) => path !== target.path)?.octets ?? ""),
    ({ path }) => rmSync(path),
  ];
  let told = 0;
  for (const target of targets) {
    const levers = leversOf(target);
    const control = await Promise.all(levers.map((name) => leaves(service, target, name)));
    expect(control, `${target.model}: ${levers.join()}`).toContain(true);
    rmSync(target.path);
    for (const name of levers) if (await leaves(service, target, name)) told += 1;
    whole(target);
  }
  const kinds = new Set<string>();
  let refused = 0;
  for (let trial = 0; trial < 10_000; trial++) {
    const target = targets[trial % targets.length];
    if (target === undefined) throw new Error("no file");
    kinds.add(target.file.replace(/^.*\./, ""));
    // Half of them are flipped bits, as the goal has it.
    damages[next() < 0.5 ? 0 : 1 + Math.floor(next() * 3)]?.(target);
    if (!(await leaves(service, target, target.file))) refused += 1;
    whole(target);
  }
  for (const target of targets) expect(await leaves(service, target, target.file), target.file).toBe(true);
  await service.stop();
  console.log(`R40: ${refused} of 10,000 refused, of the kinds ${[...kinds].sort().join(" ")}; ${told} stages told`);
  expect(refused).toBe(10_000);
  expect(told).toBe(0);
  expect(kinds.size).toBeGreaterThanOrEqual(7);
});

const changes: readonly ((target: Target, at: number) => void)[] = [
  ({ path, octets }, at) => flipBit(path, at % octets.length),
  ({ path, octets }, at) => truncateSync(path, at % octets.length),
  ({ path }) => rmSync(path),
  ({ path, octets }, at) => writeFileSync(path, octets.with(at % octets.length, (octets[at % octets.length] ?? 0) ^ 1)),
  // Another file of the same size takes its place in one step.
  ({ path, octets }) => {
    writeFileSync(
      `${path}.new`,
      octets.map((octet) => octet ^ 0xff),
    );
    renameSync(`${path}.new`, path);
  },
];

/** Fetches the target and changes the file after block `strike`. */
async function fetchWhileChanged(
  service: VaultService,
  target: Target,
  strike: number,
  change: () => void,
): Promise<"whole" | "error" | "wrong"> {
  const wire = await service.wire(target);
  try {
    const options = Object.entries({ blksize, windowsize }).map(([name, value]) => ({ name, value: String(value) }));
    ask(wire, service, target.file, ...options);
    for (let blocks = 0; ; ) {
      const packet = await wire.packet(5_000);
      if (packet.op === "ERROR") return "error";
      if (packet.op === "DATA" && packet.block === blocks + 1) {
        const expected = target.octets.subarray(blocks * blksize, (blocks + 1) * blksize);
        if (Buffer.compare(packet.octets, expected) !== 0) return "wrong";
        blocks += 1;
        if (blocks === strike) change();
      }
      const last = packet.op === "DATA" && packet.octets.length < blksize && packet.block === blocks;
      if (last || blocks % windowsize === 0) wire.send(packet.port, { op: "ACK", block: blocks });
      if (last) return "whole";
    }
  } finally {
    wire.close();
  }
}

test.each([
  ["from the disk", true],
  ["with the caches of the product", false],
] as const)(
  "R41: of files changed in the middle of 1,000 transfers, read %s, not one foreign octet leaves",
  {
    timeout: 1_200_000,
  },
  async (manner, fromDisk) => {
    // Several chunks of 256 KiB, which the TFTP service reads as it goes.
    const service = await serveVault(1_500_000, fromDisk);
    const { next } = createRandom(41);
    const large = service.targets.filter(({ octets }) => octets.length > 700_000);
    const outcomes = { whole: 0, error: 0, wrong: 0 };
    for (let trial = 0; trial < 1_000; trial++) {
      const target = large[trial % large.length];
      if (target === undefined) throw new Error("no large file");
      const strike = 1 + Math.floor(next() * Math.floor(target.octets.length / blksize - 1));
      const at = Math.floor(next() * target.octets.length);
      const change = () => changes[trial % changes.length]?.(target, at);
      outcomes[await fetchWhileChanged(service, target, strike, change)] += 1;
      whole(target);
    }
    await service.stop();
    console.log(`R41, ${manner}: ${JSON.stringify(outcomes)} of ${large.length} files`);
    expect(outcomes.wrong).toBe(0);
    expect(outcomes.whole + outcomes.error).toBe(1_000);
    if (fromDisk) expect(outcomes.error).toBeGreaterThan(100);
  },
);
