import { createSocket } from "node:dgram";
import { describe, expect, it } from "vitest";
import type { FileDesk } from "../../src/provision/ports.ts";
import { type Ipv4, inSubnet, ipv4ToNumber, parseSubnet } from "../../src/wire/address.ts";
import { encodeTftp } from "../../src/wire/tftp.ts";
import { type Served, StandingClock, serving, TRANSPORTS, until } from "./tftp-serving.ts";
import { fetchFile, MemoryImage, pattern, rrq, TableDesk, type Wire } from "./tftp-wire.ts";

const nobodyTrusted = { trusts: () => false };

/** Advances in small steps, so that every timer has its real sockets' answers. */
async function pass(clock: StandingClock, seconds: number): Promise<void> {
  for (let s = 0; s < seconds; s++) {
    clock.advance(1000);
    await new Promise((later) => setImmediate(later));
  }
}

async function asks(served: Served, wire: Wire, name: string): Promise<boolean> {
  wire.send(served.port, rrq(name));
  return (await wire.next(150)) !== undefined;
}

describe.each(TRANSPORTS)("abuse, over %s", { concurrent: true }, (_kind, open) => {
  it("T180 an address that never acknowledges is sent a few packets, and ten new transfers a second", () => {
    const clock = new StandingClock();
    return serving(
      open,
      { a: pattern(5000) },
      async (served) => {
        const wire = await served.wire();
        wire.send(served.port, rrq("a"));
        await until(() => served.counters.started === 1);
        await pass(clock, 60);
        const heard = await wire.during(50);
        expect(heard.length).toBeLessThanOrEqual(5);
        expect(heard.length).toBeGreaterThan(2);
        // With 28 octets of IP and UDP for each, as the factor is usually counted.
        const received = rrq("a").length + 28;
        const sent = heard.reduce((sum, { octets }) => sum + octets.length + 28, 0);
        expect(sent / received).toBeLessThan(65);
        let answered = 0;
        for (let n = 0; n < 60; n++) {
          const client = await served.wire();
          client.send(served.port, rrq("none", { n }));
          if ((await client.next(40)) !== undefined) answered++;
        }
        expect(answered).toBeLessThanOrEqual(20);
      },
      { clock, ...nobodyTrusted },
    );
  });

  it("T181 a flood of requests from everywhere leaves the others their transfer", { timeout: 30_000 }, () =>
    serving(
      open,
      { a: new MemoryImage("a", pattern(60_000)) },
      async (served) => {
        const flood = createSocket({ type: "udp4", lookup: (host, _o, found) => found(null, host, 4) });
        await new Promise<void>((bound) => flood.bind(0, "127.0.0.66", bound));
        const packet = rrq("a");
        let flooding = true;
        const flooded = (async () => {
          while (flooding) {
            for (let n = 0; n < 200; n++) flood.send(packet, served.port, "127.0.0.1");
            await new Promise((later) => setImmediate(later));
          }
        })();
        const got = await fetchFile(served.port, "a", {}, { retry: 300 });
        expect(Buffer.compare(got.octets, pattern(60_000))).toBe(0);
        flooding = false;
        await flooded;
        flood.close();
        expect(served.counters.started).toBeLessThan(20);
      },
      { allows: (ip) => ip === "127.0.0.1" },
    ),
  );

  it("T182 an address has eight transfers at once, all together a bounded number, and more are dropped in silence", () =>
    serving(
      open,
      { a: pattern(5000) },
      async (served) => {
        let answered = 0;
        for (let n = 0; n < 12; n++) if (await asks(served, await served.wire(), "a")) answered++;
        expect(answered).toBe(8);
        for (let n = 0; n < 6; n++) await asks(served, await served.wire("127.0.0.9"), "a");
        expect(served.counters.live).toBe(10);
      },
      { ...nobodyTrusted, limits: { inAll: 10 } },
    ));

  it("T183 a thousand clients that read one block in twenty seconds keep nobody waiting", { timeout: 30_000 }, () => {
    const clock = new StandingClock();
    const image = new MemoryImage("a", pattern(100_000));
    return serving(
      open,
      { a: image },
      async (served) => {
        const slow: { wire: Wire; port: number }[] = [];
        for (let n = 0; n < 200; n++) {
          const wire = await served.wire(`127.0.2.${n + 1}`);
          for (let k = 0; k < 5; k++) wire.send(served.port, rrq("a"));
          slow.push({ wire, port: (await wire.packet()).port });
        }
        for (let block = 1; block <= 3; block++) {
          await pass(clock, 20);
          for (const { wire, port } of slow) {
            await wire.during(0);
            wire.send(port, { op: "ACK", block });
          }
          await new Promise((later) => setTimeout(later, 30));
        }
        expect(served.counters.live).toBe(200);
        expect(image.opened - image.closed).toBe(1);
        expect((await fetchFile(served.port, "a")).octets.length).toBe(100_000);
      },
      { clock },
    );
  });

  it("T184 requests that come from port 0, 7, 19, 67 or 69 are not answered", async () => {
    await serving(open, { a: pattern(10) }, async (served) => {
      const address = `127.0.4.${1 + Math.floor(Math.random() * 250)}`;
      let ordinary: Awaited<ReturnType<typeof served.wire>> | undefined;
      for (const port of [7, 19, 67, 69]) {
        // An ordinary user may not take these ports; then the rule is tested by the one above 1024 that it has.
        const wire = await served.wire(address, port).catch(async () => {
          ordinary ??= await served.wire(address, 1900);
          return ordinary;
        });
        wire.send(served.port, rrq("a"));
        expect(await wire.during(120), `port ${port}`).toEqual([]);
      }
    });
  });

  it("T185 a request from one of our own ports is not answered", async () => {
    const sent: { to: number; from: number }[] = [];
    let deliver: ((octets: Uint8Array, ip: number, port: number) => void) | undefined;
    const spying = async () => {
      const inner = await open();
      return async (options: Parameters<typeof inner>[0]) => {
        deliver ??= options.onDatagram;
        const socket = await inner(options);
        return {
          address: socket.address,
          port: socket.port,
          notes: socket.notes,
          unreadFor: () => socket.unreadFor(),
          close: () => socket.close(),
          send(...[to, head, body, start, end]: Parameters<typeof socket.send>) {
            sent.push({ to: to.port, from: socket.port });
            socket.send(to, head, body, start, end);
          },
        };
      };
    };
    await serving(spying, { a: pattern(10) }, async (served) => {
      const own = ipv4ToNumber("127.0.0.1" as Ipv4);
      deliver?.(rrq("a"), own, served.port);
      for (const ip of ["255.255.255.255", "224.0.0.1", "0.0.0.0", "239.255.255.250"]) {
        deliver?.(rrq("a"), ipv4ToNumber(ip as Ipv4), 5000);
      }
      await new Promise((later) => setTimeout(later, 100));
      expect(sent).toEqual([]);
      expect(served.counters).toMatchObject({ dropped: 5, live: 0 });
    });
  });

  it("T186 what the system takes for a whole datagram is answered, checksum or none", () =>
    serving(open, { a: pattern(10) }, async (served) => {
      // The checksum is the kernel's business (RFC 768 allows none); loopback itself sends without computing one.
      expect((await fetchFile(served.port, "a")).octets).toEqual(pattern(10));
    }));

  it("T187 who is not in the access list hears nothing", () => {
    const subnet = parseSubnet("127.0.0.0/29")!;
    return serving(
      open,
      { a: pattern(10) },
      async (served) => {
        expect((await fetchFile(served.port, "a")).octets).toEqual(pattern(10));
        for (const packet of [
          rrq("a"),
          rrq("none"),
          rrq("a", {}, "mail"),
          encodeTftp({ op: "WRQ", filename: "a", mode: "octet", options: [] }),
        ]) {
          expect(await served.answers(packet, 300, "127.0.0.9")).toEqual([]);
        }
        expect(served.events.filter(({ event }) => event === "request.dropped")).toHaveLength(1);
      },
      { allows: (ip) => inSubnet(ip, subnet) },
    );
  });

  it("T188 who asks for one unknown name after the other hears nothing after fifty, and gets its own file a minute later", () => {
    const clock = new StandingClock();
    return serving(
      open,
      { a: pattern(10) },
      async (served) => {
        const wire = await served.wire();
        let answered = 0;
        for (let n = 0; n < 60; n++) {
          clock.advance(150);
          wire.send(served.port, rrq(`SEP0004F2${n.toString(16).padStart(6, "0")}.cnf.xml`));
          if ((await wire.next(n < 50 ? 1000 : 60)) !== undefined) answered++;
        }
        expect(answered).toBe(50);
        expect(await asks(served, await served.wire(), "a")).toBe(false);
        clock.advance(60_000);
        expect(await asks(served, await served.wire(), "a")).toBe(true);
      },
      { clock, ...nobodyTrusted },
    );
  });

  it("T189 a file that names a phone goes to that phone's address and to no other", () => {
    const table = new TableDesk({ "SEP000E84C060A6.cnf.xml": pattern(100) });
    const desk: FileDesk = {
      answer: async (request) =>
        request.ip === "127.0.0.5"
          ? table.answer(request)
          : { is: "refused", why: "not-yours", because: "another phone's" },
      delivered: () => {},
    };
    return serving(
      open,
      {},
      async (served) => {
        const name = "SEP000E84C060A6.cnf.xml";
        expect((await fetchFile(served.port, name, {}, { address: "127.0.0.5" })).octets).toEqual(pattern(100));
        await expect(fetchFile(served.port, name, {}, { address: "127.0.0.6" })).rejects.toThrow(
          "ERROR 1: File not found",
        );
        await expect(fetchFile(served.port, `./${name}`)).rejects.toThrow("ERROR 1: File not found");
      },
      { desk },
    );
  });
});
