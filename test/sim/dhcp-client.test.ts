import { expect, test } from "vitest";
import type { Datagram } from "../../src/sim/datagram.ts";
import {
  beginLease,
  type DhcpClient,
  dhcpReceives,
  dhcpWakes,
  hasAddress,
  type Network,
  tftpServerOf,
} from "../../src/sim/dhcp-client.ts";
import { latin1 } from "../../src/sim/octets.ts";
import type { Ipv4, Mac } from "../../src/wire/address.ts";
import { type DhcpPacket, decodeDhcp, encodeDhcp } from "../../src/wire/dhcp.ts";
import { addressesValue, MESSAGE, OPTION, textValue } from "../../src/wire/dhcp-options.ts";

const MANNER = {
  mac: "000e84c060a6" as Mac,
  vendorClass: "Cisco Systems, Inc. IP Phone CP-7960G\0",
  wants: [1, 66, 6, 3, 15, 150],
};
const SERVER = "192.0.2.10" as Ipv4;
const YIADDR = "192.0.2.100" as Ipv4;

const heard = (datagram: Datagram | undefined) => decodeDhcp(datagram?.octets ?? new Uint8Array());

/** What the product's codec makes of an answer to `request`. */
function answer(request: DhcpPacket, type: number, options: [number, Uint8Array][] = []): Datagram {
  const octets = encodeDhcp({
    ...request,
    op: 2,
    yiaddr: YIADDR,
    siaddr: SERVER,
    options: new Map([[53, Uint8Array.of(type)], [54, addressesValue([SERVER])], ...options]),
  });
  const [from, to] = [
    { ip: SERVER, port: 67 },
    { ip: "255.255.255.255" as Ipv4, port: 68 },
  ];
  return { from, to, octets: octets ?? new Uint8Array() };
}

test("the product's codec reads a DISCOVER as a 7960 sends it: broadcast flag, and xid from the MAC (packet trace)", () => {
  const discover = heard(beginLease(MANNER, 0).send[0]);
  expect(discover).toMatchObject({ op: 1, xid: 0x84c060a6, flags: 0x8000, ciaddr: "0.0.0.0" });
  expect(discover.options.get(OPTION.vendorClass)).toEqual(latin1("Cisco Systems, Inc. IP Phone CP-7960G\0"));
});

test("DISCOVER, OFFER, REQUEST, ACK: the phone echoes address and server and keeps what it was told", () => {
  const begun = beginLease(MANNER, 0);
  const offered = dhcpReceives(begun.client as DhcpClient, answer(heard(begun.send[0]), MESSAGE.offer, []), 10);
  const request = heard(offered.send[0]);
  expect(request.options.get(50)).toEqual(addressesValue([YIADDR]));
  expect(request.options.get(54)).toEqual(addressesValue([SERVER]));
  const acked = dhcpReceives(
    offered.client as DhcpClient,
    answer(request, MESSAGE.ack, [
      [66, textValue("192.0.2.10")],
      [150, addressesValue(["192.0.2.11" as Ipv4])],
    ]),
    20,
  );
  expect(hasAddress(acked.client)).toBe(true);
  expect(acked.client).toEqual({
    ip: YIADDR,
    dhcpServer: SERVER,
    option150: ["192.0.2.11"],
    option66: "192.0.2.10",
    option160: undefined,
    siaddr: SERVER,
    times: undefined,
  });
});

test("an answer to another phone, another transaction, or no DHCP at all is ignored", () => {
  const begun = beginLease(MANNER, 0);
  const request = heard(begun.send[0]);
  const client = begun.client as DhcpClient;
  const strangers = [
    answer(
      { ...request, chaddr: Uint8Array.from([0, 14, 132, 192, 96, 167, ...new Array(10).fill(0)]) },
      MESSAGE.offer,
    ),
    answer({ ...request, xid: 1 }, MESSAGE.offer),
    { ...answer(request, MESSAGE.offer), octets: new Uint8Array(300) },
    answer(request, MESSAGE.ack),
  ];
  for (const stranger of strangers) expect(dhcpReceives(client, stranger, 1)).toEqual({ client, send: [] });
});

test("a NAK sends it back to DISCOVER", () => {
  const begun = beginLease(MANNER, 0);
  const offered = dhcpReceives(begun.client as DhcpClient, answer(heard(begun.send[0]), MESSAGE.offer), 1);
  const refused = dhcpReceives(offered.client as DhcpClient, answer(heard(offered.send[0]), MESSAGE.nak), 2);
  expect(refused.client).toMatchObject({ at: "discovering" });
});

test("silence: again after 4, 8, 16, 32, 32 s, for ever; an unanswered REQUEST begins anew", () => {
  let client = beginLease(MANNER, 0).client as DhcpClient;
  const times: number[] = [];
  for (let i = 0; i < 6; i++) {
    times.push(client.dueAt);
    client = dhcpWakes(client, client.dueAt).client as DhcpClient;
  }
  expect(times).toEqual([4000, 12_000, 28_000, 60_000, 92_000, 124_000]);
  const begun = beginLease(MANNER, 0);
  client = dhcpReceives(begun.client as DhcpClient, answer(heard(begun.send[0]), MESSAGE.offer), 0)
    .client as DhcpClient;
  while (client.at === "requesting") client = dhcpWakes(client, client.dueAt).client as DhcpClient;
  expect(client.at).toBe("discovering");
});

test("150 before 66 before siaddr; a name in 66, or one with a zero at its end, is no address", () => {
  const bare: Network = {
    ip: YIADDR,
    dhcpServer: SERVER,
    option150: [],
    option66: undefined,
    option160: undefined,
    siaddr: SERVER,
    times: undefined,
  };
  expect(tftpServerOf(bare)).toBe(SERVER);
  expect(tftpServerOf({ ...bare, option66: "192.0.2.66" })).toBe("192.0.2.66");
  expect(tftpServerOf({ ...bare, option66: "tftp.example.net" })).toBe(SERVER);
  expect(tftpServerOf({ ...bare, option66: "192.0.2.66\0" })).toBe(SERVER);
  expect(tftpServerOf({ ...bare, option150: ["192.0.2.15" as Ipv4], option66: "192.0.2.66" })).toBe("192.0.2.15");
});
