import { expect, test } from "vitest";
import type { Phone } from "../../src/phones/phone.ts";
import { type RestartParts, restartPhone } from "../../src/provision/restart.ts";
import type { Ipv4, Mac } from "../../src/wire/address.ts";
import { createFleet, oneStage } from "../boot/fleet.ts";
import { knowledge } from "../boot/world.ts";

const ip = "10.0.0.1" as Ipv4;

async function parts(phone: Partial<Phone>, more: Partial<RestartParts> = {}) {
  const fleet = await createFleet(1);
  const mac = fleet.phones[0]?.mac as Mac;
  const whole: Phone = { mac, model: "7960", lines: [{ name: "1001" }], settings: {}, ip, ...phone };
  await fleet.store.putPhones([whole]);
  const sent: unknown[] = [];
  const made: RestartParts = {
    store: fleet.store,
    tracker: fleet.tracker(),
    graph: knowledge.graph,
    allows: () => true,
    sipPort: 5060,
    send: async (notify) => {
      sent.push(notify);
      return { is: "answered", status: 200 };
    },
    ...more,
  };
  return { made, mac, sent, fleet };
}

const sip = { running: "P0S3-8-12-00" };

test("a 7960 on SIP is sent a check-sync to where it was seen last", async () => {
  const { made, mac, sent } = await parts(sip);
  expect(await restartPhone(made, mac, false)).toMatchObject({ is: "asked", by: "sip" });
  expect(sent).toEqual([{ user: "1001", to: { address: ip, port: 5060 }, event: "check-sync" }]);
});

test("a Java phone on SIP is sent a service-control with its body", async () => {
  const { made, mac, sent } = await parts({ model: "7961", running: "SIP41.9-4-2-1S" });
  await restartPhone(made, mac, false);
  expect(sent).toMatchObject([{ event: "service-control", body: expect.arrayContaining(["action=reset"]) }]);
});

test("SCCP, a load that nobody knows and an unknown model are for a hand, and nothing is sent", async () => {
  for (const phone of [{ running: "P00303010102" }, { running: "nonsense" }, {}, { model: "toaster" }]) {
    const { made, mac, sent } = await parts(phone);
    const { is, words } = await restartPhone(made, mac, false);
    expect(["power-cycle", "unknown"]).toContain(is);
    expect(words.join(" ")).toContain("Power-cycle the phone");
    expect(words.join(" ")).toContain("PoE switch");
    expect(sent).toEqual([]);
  }
});

test("a phone that may be writing flash is never restarted", async () => {
  const { made, mac, sent, fleet } = await parts(sip);
  await fleet.enrol({ phones: [{ mac, plan: oneStage, running: sip.running }] });
  const [phone] = fleet.phones;
  if (phone === undefined) throw new Error("no phone");
  await fleet.boot(phone);
  expect(await restartPhone({ ...made, tracker: fleet.tracker() }, mac, false)).toMatchObject({ is: "writing-flash" });
  expect(sent).toEqual([]);
});

test("the PBX is asked first; what it refuses goes straight to the phone", async () => {
  const asked: string[] = [];
  const refuse = async (endpoint: string) => {
    asked.push(endpoint);
    return { is: "refused", because: "Unable to find endpoint" } as const;
  };
  const { made, mac, sent } = await parts(sip, { askPbx: refuse });
  expect(await restartPhone(made, mac, false)).toMatchObject({ is: "asked", by: "sip" });
  expect([asked, sent.length]).toEqual([["1001"], 1]);
  const held = await parts(sip, { askPbx: async () => ({ is: "sent" }) });
  expect(await restartPhone(held.made, held.mac, false)).toMatchObject({ is: "asked", by: "pbx" });
  expect(held.sent).toEqual([]);
});

test("a dry run and an address outside access.allow send nothing", async () => {
  const dry = await parts(sip);
  expect(await restartPhone(dry.made, dry.mac, true)).toMatchObject({ is: "would-ask", by: "sip" });
  const outside = await parts(sip, { allows: () => false });
  expect(await restartPhone(outside.made, outside.mac, false)).toMatchObject({ is: "power-cycle" });
  expect([...dry.sent, ...outside.sent]).toEqual([]);
});
