import { beforeAll, expect, test } from "vitest";
import { createListeningDesk } from "../../src/provision/dhcp-listen.ts";
import { loadHeard } from "../../src/server/dhcp-beside.ts";
import { type Known, loadKnowledge } from "../../src/server/knowledge.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { DhcpPacket } from "../../src/wire/dhcp.ts";
import { HERE, ip, mac, NOON, rebooting, text } from "../provision/dhcp-world.ts";

const PHONE = mac("0004f2000077");
let known: Known;
beforeAll(async () => {
  known = await loadKnowledge();
});

const identity = (model: string, application: string, bootRom?: string) =>
  ({
    vendor: "polycom",
    by: "option 60",
    model,
    application,
    ...(bootRom === undefined ? {} : { bootRom }),
    because: { reason: "", source: "", grade: "A" },
  }) as const;

test.each([
  ["SPIP301", "3.1.8.0070", undefined, "SPIP301.3.1.8.0070"],
  ["SPIP301", "3.1.8.0070", "4.1.4.0122", "SPIP301.3.1.8.0070"],
  ["SPIP301", "3.1.6.0234", undefined, "SPIP301.3.1.6"],
  ["SPIP301", "3.1.8.0070", "2.5.0.0001", undefined],
  ["SPIP301", "9.9.9.9", undefined, undefined],
] as const)("a %s that names application %s and BootROM %s runs %s", (model, application, bootRom, load) =>
  expect(loadHeard(known, identity(model, application, bootRom))).toBe(load),
);

/** Polycom's binary option 60 (polycom.md §5.3). */
function option60(name: string, application: string): Uint8Array {
  const values = ["Polycom", name, "2345-11300-010,1", application].map(text);
  const inner = values.flatMap((value, i) => [i + 1, value.length, ...value]);
  return Uint8Array.of(0, 0, 0x36, 0x3d, inner.length, ...inner, 255);
}

test("a phone that is heard enters the inventory with model, load and address; what the admin wrote stays", async () => {
  const store = createMemoryStore();
  const desk = createListeningDesk(
    store,
    (one) => loadHeard(known, one),
    () => {},
  );
  const says = (application: string): DhcpPacket =>
    rebooting(ip("192.0.2.77"), { from: PHONE, options: [[60, option60("SoundPointIP-SPIP_301", application)]] });
  await desk.answer(says("SIP/3.1.8.0070/11-Mar-10 16:25"), HERE, NOON);
  const heard = { mac: PHONE, model: "SPIP301", running: "SPIP301.3.1.8.0070", ip: "192.0.2.77" };
  expect(await store.phone(PHONE)).toMatchObject(heard);
  await store.putPhones([{ mac: PHONE, model: "SPIP301", running: "SPIP301.3.1.6", lines: [], settings: {} }]);
  await desk.answer(says("SIP/3.1.8.0071/11-Mar-10 16:25"), HERE, NOON + 1);
  expect(await store.phone(PHONE)).toMatchObject({ running: "SPIP301.3.1.6", ip: "192.0.2.77" });
});
