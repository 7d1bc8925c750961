import { createSocket } from "node:dgram";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { createLog } from "../../src/server/log.ts";
import { openRehearsal } from "../../src/server/rehearsal.ts";
import { encodeDhcp } from "../../src/wire/dhcp.ts";
import { discover, stranger } from "../provision/dhcp-world.ts";

test("a date that runs forty times as fast is not taken for one that was set", async () => {
  const events: string[] = [];
  const log = createLog("info", { write: (line) => void events.push(JSON.parse(line).event) });
  const rehearsal = await openRehearsal({ phones: 1, packages: new Map(), siteFiles: [], speed: 40 }, log);
  const { port, address } = rehearsal.service.dhcp ?? { port: 0, address: "" };
  const client = createSocket("udp4");
  client.bind(0, rehearsal.places[0]?.address);
  await once(client, "listening");
  for (let n = 1; n <= 3; n++) {
    const offered = once(client, "message");
    client.send(encodeDhcp(discover({ from: stranger(n) })) as Uint8Array, port, address);
    await offered;
    // Eight seconds of the rehearsal; two that the clocks part by would be a clock that was set.
    await pause(200);
  }
  client.close();
  await rehearsal.stop();
  expect(events).toContain("lease.offered");
  expect(events).not.toContain("dhcp.clock");
});
