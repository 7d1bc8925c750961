import { createSocket } from "node:dgram";
import { networkInterfaces } from "node:os";
import { describe, expect, it } from "vitest";
import { startTftp } from "../../src/net/tftp-listener.ts";
import type { OpenUdp } from "../../src/net/udp.ts";
import type { Ipv4 } from "../../src/wire/address.ts";
import { decodeTftp } from "../../src/wire/tftp.ts";
import { type Served, StandingClock, serving, TRANSPORTS, until } from "./tftp-serving.ts";
import { fetchFile, MemoryImage, pattern, rrq, TableDesk, type Wire } from "./tftp-wire.ts";

/** A client that has got `block` of `name`, and the port it got it from. */
async function after(served: Served, name: string, block: number, options = {}): Promise<{ wire: Wire; port: number }> {
  const wire = await served.wire();
  wire.send(served.port, rrq(name, options));
  const { port } = await wire.packet();
  for (let n = 1; n < block; n++) {
    wire.send(port, { op: "ACK", block: n });
    await wire.packet();
  }
  return { wire, port };
}

describe.each(TRANSPORTS)("transfer ports, over %s", { concurrent: true }, (_kind, open) => {
  it("T040 an ACK from another port is told ERROR 5 and moves nothing", () =>
    serving(open, { a: pattern(2000) }, async (served) => {
      const { wire, port } = await after(served, "a", 1);
      const stranger = await served.wire();
      stranger.send(port, { op: "ACK", block: 1 });
      expect(await stranger.packet()).toMatchObject({ op: "ERROR", code: 5, port });
      stranger.send(port, { op: "ACK", block: 1 });
      expect(await stranger.during(100), "rarely").toEqual([]);
      expect(await wire.during(100)).toEqual([]);
      wire.send(port, { op: "ACK", block: 1 });
      expect(await wire.packet()).toMatchObject({ op: "DATA", block: 2 });
    }));

  it("T041 so is one from another address", () =>
    serving(open, { a: pattern(2000) }, async (served) => {
      const { wire, port } = await after(served, "a", 1);
      const stranger = await served.wire("127.0.0.9");
      stranger.send(port, { op: "ACK", block: 1 });
      expect(await stranger.packet()).toMatchObject({ op: "ERROR", code: 5 });
      expect(await wire.during(100)).toEqual([]);
    }));

  it("T042 an ERROR from elsewhere does not end the transfer", () =>
    serving(open, { a: pattern(600) }, async (served) => {
      const { wire, port } = await after(served, "a", 1);
      (await served.wire()).send(port, { op: "ERROR", code: 0, message: "stop" });
      (await served.wire("127.0.0.9")).send(port, { op: "ERROR", code: 0, message: "stop" });
      await new Promise((later) => setTimeout(later, 50));
      wire.send(port, { op: "ACK", block: 1 });
      expect(await wire.packet()).toMatchObject({ op: "DATA", block: 2 });
    }));

  it("T043 ERROR 5 is never the answer to an ERROR", () =>
    serving(open, { a: pattern(600) }, async (served) => {
      const { port } = await after(served, "a", 1);
      const stranger = await served.wire();
      for (const code of [0, 4, 5, 8]) stranger.send(port, { op: "ERROR", code, message: "x" });
      expect(await stranger.during(300)).toEqual([]);
    }));

  it("T044 a request that repeats gets the first packet again from the same port, and there is one transfer", () => {
    const image = new MemoryImage("a", pattern(2000));
    return serving(open, { a: image }, async (served) => {
      const { wire, port } = await after(served, "a", 1);
      await new Promise((later) => setTimeout(later, 150));
      wire.send(served.port, rrq("a"));
      expect(await wire.packet()).toMatchObject({ op: "DATA", block: 1, port });
      expect(served.counters).toMatchObject({ started: 1, live: 1 });
      expect(image.opened - image.closed).toBe(1);
    });
  });

  it("T045 a request for another file from the same port ends the old transfer", () =>
    serving(open, { a: new MemoryImage("a", pattern(2000)), b: pattern(20) }, async (served) => {
      const { wire, port } = await after(served, "a", 2);
      wire.send(served.port, rrq("b"));
      const data = await wire.packet();
      expect(data).toMatchObject({ op: "DATA", block: 1, octets: pattern(20) });
      expect(data.port).not.toBe(port);
      expect(served.counters.live).toBe(1);
      expect(served.desk.outcomes).toEqual(["a broken-off"]);
    }));

  it("T046 the same request after the transfer is over begins another", () =>
    serving(open, { a: pattern(20) }, async (served) => {
      const wire = await served.wire();
      for (let n = 1; n <= 3; n++) {
        wire.send(served.port, rrq("a"));
        const data = await wire.packet();
        wire.send(data.port, { op: "ACK", block: 1 });
        await until(() => served.counters.done === n);
      }
    }));

  it("T047 a thousand copies of a request are one transfer and few packets", () =>
    serving(open, { a: pattern(2000) }, async (served) => {
      const wire = await served.wire();
      for (let n = 0; n < 1000; n++) wire.send(served.port, rrq("a"));
      const heard = await wire.during(250);
      expect(heard.length).toBeLessThanOrEqual(4);
      expect(served.counters).toMatchObject({ started: 1, live: 1 });
    }));

  it("T048 a request to a broadcast address is not answered", async () => {
    const service = await startTftp({
      listen: "0.0.0.0" as Ipv4,
      port: 0,
      desk: new TableDesk({ a: pattern(10) }),
      sockets: 2,
      openUdp: await open(),
    });
    const client = createSocket("udp4");
    let heard = 0;
    client.on("message", () => heard++);
    await new Promise<void>((bound) => client.bind(0, "127.0.0.1", bound));
    client.setBroadcast(true);
    client.send(rrq("a"), service.port, "127.255.255.255");
    await new Promise((later) => setTimeout(later, 650));
    expect(heard).toBe(0);
    client.close();
    await service.stop();
  });

  it("T049 the answer leaves from the address that was asked", async () => {
    const service = await startTftp({
      listen: "0.0.0.0" as Ipv4,
      port: 0,
      desk: new TableDesk({ a: pattern(10) }),
      sockets: 2,
      openUdp: await open(),
    });
    const addresses = Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .filter(({ family }) => family === "IPv4")
      .map(({ address }) => address);
    expect(addresses).toContain("127.0.0.1");
    for (const address of addresses) {
      const client = createSocket("udp4");
      const from = new Promise<string>((heard) => client.once("message", (_, { address: source }) => heard(source)));
      client.send(rrq("a"), service.port, address);
      expect(await from).toBe(address);
      client.close();
    }
    await service.stop();
  });
});

describe.each(TRANSPORTS)("retransmission, over %s", { concurrent: true }, (_kind, open) => {
  // The clock stands still: no block can be one that a timer sends again.
  it.each([1, 2, 100])("T050 an ACK that comes %d times more brings no block", (copies) =>
    serving(
      open,
      { a: pattern(5000) },
      async (served) => {
        const { wire, port } = await after(served, "a", 2);
        for (let n = 0; n < copies; n++) wire.send(port, { op: "ACK", block: 1 });
        expect(await wire.during(40)).toEqual([]);
        const other = await served.wire();
        other.send(served.port, rrq("a", { blksize: 600 }));
        const oack = await other.packet();
        other.send(oack.port, { op: "ACK", block: 0 });
        expect(await other.packet()).toMatchObject({ op: "DATA", block: 1 });
        for (let n = 0; n < copies; n++) other.send(oack.port, { op: "ACK", block: 0 });
        expect(await other.during(40)).toEqual([]);
      },
      { clock: new StandingClock() },
    ),
  );

  it("T051 a client that answers in a millisecond is sent a lost block again within 250 ms, one that takes 800 ms never twice", async () => {
    await serving(open, { a: pattern(9000) }, async (served) => {
      const { wire } = await after(served, "a", 4);
      const start = performance.now();
      expect(await wire.packet()).toMatchObject({ op: "DATA", block: 4 });
      expect(performance.now() - start).toBeLessThan(250);
    });
    const clock = new StandingClock();
    await serving(
      open,
      { a: pattern(9000) },
      async (served) => {
        const wire = await served.wire();
        wire.send(served.port, rrq("a"));
        const { port } = await wire.packet();
        for (let block = 1; block < 15; block++) {
          for (let ms = 0; ms < 800; ms += 50) clock.advance(50);
          await new Promise((later) => setTimeout(later, 10));
          const twice = await wire.during(1);
          if (block > 3) expect(twice, `block ${block}`).toEqual([]);
          wire.send(port, { op: "ACK", block });
          expect(await wire.packet()).toMatchObject({ op: "DATA", block: block + 1 });
        }
      },
      { clock },
    );
  });

  it("T052 each wait is twice the last, up to 8 s, and no two servers wait alike", async () => {
    const waits = async (dice: number): Promise<number[]> => {
      const clock = new StandingClock();
      const at: number[] = [];
      await serving(
        open,
        { a: pattern(2000) },
        async (served) => {
          const { wire } = await after(served, "a", 2);
          let sent = served.counters.datagrams;
          for (let ms = 0; ms < 24_000; ms += 20) {
            clock.advance(20);
            if (ms % 2000 === 0) await new Promise((later) => setTimeout(later, 1));
          }
          await new Promise((later) => setTimeout(later, 20));
          sent = (await wire.during(20)).length;
          expect(sent).toBeGreaterThan(5);
        },
        {
          clock: {
            now: () => clock.now(),
            elapsed: () => clock.elapsed(),
            after: (ms, wake) =>
              clock.after(ms, () => {
                at.push(clock.elapsed());
                wake();
              }),
          },
          random: () => dice,
        },
      );
      return at
        .slice(1)
        .map((time, n) => time - (at[n] as number))
        .filter((gap) => gap > 30);
    };
    const [low, high] = [await waits(0), await waits(0.999)];
    for (const gaps of [low, high]) {
      expect(Math.max(...gaps)).toBeLessThanOrEqual(8800);
      const growth = gaps.slice(1).map((gap, n) => gap / (gaps[n] as number));
      expect(
        growth.slice(0, 3).every((factor) => factor > 1.5 && factor < 2.6),
        String(gaps),
      ).toBe(true);
    }
    expect(high[2]! / low[2]!).toBeGreaterThan(1.1);
  });

  it("T053 a silent client is given up after several sends and no sooner than 25 s", () => {
    const clock = new StandingClock();
    return serving(
      open,
      { a: pattern(2000) },
      async (served) => {
        await after(served, "a", 2);
        clock.advance(24_900);
        expect(served.counters.live).toBe(1);
        for (let s = 0; s < 15; s++) clock.advance(1000);
        expect(served.counters.live).toBe(0);
        expect(served.desk.outcomes).toEqual(["a broken-off"]);
      },
      { clock },
    );
  });

  it("T054 when the transfers are over no timer and no file is left", () => {
    const clock = new StandingClock();
    const image = new MemoryImage("a", pattern(2000));
    return serving(
      open,
      { a: image },
      async (served) => {
        await fetchFile(served.port, "a");
        await until(() => served.counters.live === 0);
        clock.advance(60_000);
        expect(clock.timers).toBe(0);
        expect(image.closed).toBe(image.opened);
      },
      { clock },
    );
  });

  it("T055 an ACK that was under way for five seconds is ignored", () => {
    const clock = new StandingClock();
    return serving(
      open,
      { a: pattern(520_000) },
      async (served) => {
        const { wire, port } = await after(served, "a", 1003);
        clock.advance(5000);
        await wire.during(20);
        for (const block of [1001, 1000, 3]) wire.send(port, { op: "ACK", block });
        expect(await wire.during(60)).toEqual([]);
        wire.send(port, { op: "ACK", block: 1003 });
        expect(await wire.packet()).toMatchObject({ op: "DATA", block: 1004 });
      },
      { clock },
    );
  });

  it("T056 an ACK of a block that was not sent is ignored", () =>
    serving(open, { a: pattern(5000) }, async (served) => {
      const { wire, port } = await after(served, "a", 2);
      for (const block of [3, 1002, 65_535, 0]) wire.send(port, { op: "ACK", block });
      expect(await wire.during(40)).toEqual([]);
      wire.send(port, { op: "ACK", block: 2 });
      expect(await wire.packet()).toMatchObject({ op: "DATA", block: 3 });
    }));

  it("T057 after an OACK only ACK 0 is heard", () =>
    serving(open, { a: pattern(5000) }, async (served) => {
      const wire = await served.wire();
      wire.send(served.port, rrq("a", { blksize: 600 }));
      const { port } = await wire.packet();
      for (const block of [1, 5, 65_535]) wire.send(port, { op: "ACK", block });
      expect(await wire.during(200)).toEqual([]);
      wire.send(port, { op: "ACK", block: 0 });
      expect(await wire.packet()).toMatchObject({ op: "DATA", block: 1 });
    }));

  it("T058 an ACK with more behind it is an ACK", () =>
    serving(open, { a: pattern(600) }, async (served) => {
      const { wire, port } = await after(served, "a", 1);
      wire.send(port, Uint8Array.of(0, 4, 0, 1, 9, 9, 9));
      expect(await wire.packet()).toMatchObject({ op: "DATA", block: 2 });
    }));

  it("T059 an ACK of three octets is none", () =>
    serving(open, { a: pattern(600) }, async (served) => {
      const { wire, port } = await after(served, "a", 1);
      wire.send(port, Uint8Array.of(0, 4, 0));
      expect(await wire.during(200)).toEqual([]);
    }));

  it("T060 clients that vanish leave nothing behind", () => {
    const clock = new StandingClock();
    const image = new MemoryImage("a", pattern(2000));
    return serving(
      open,
      { a: image },
      async (served) => {
        const wire = await served.wire("127.0.0.77");
        for (let round = 0; round < 5; round++) {
          for (let n = 0; n < 100; n++) {
            const client = await served.wire(`127.0.1.${n + 1}`);
            client.send(served.port, rrq("a", { tsize: round }));
            client.close = () => {};
          }
          await until(() => served.counters.live >= 100);
          for (let s = 0; s < 40; s++) clock.advance(1000);
          expect(served.counters.live).toBe(0);
        }
        wire.send(served.port, rrq("a"));
        await wire.packet();
        expect(image.opened - image.closed).toBe(1);
        expect(served.counters.broken).toBe(500);
      },
      { clock },
    );
  });

  it("T061 a client whose port is closed harms no other transfer", () =>
    serving(open, { a: pattern(3000) }, async (served) => {
      const other = await after(served, "a", 1);
      const { wire, port } = await after(served, "a", 1);
      wire.send(port, { op: "ACK", block: 1 });
      wire.close();
      wire.close = () => {};
      await new Promise((later) => setTimeout(later, 700));
      other.wire.send(other.port, { op: "ACK", block: 1 });
      let data = await other.wire.packet();
      while (data.op === "DATA" && data.block === 1) data = await other.wire.packet();
      expect(data).toMatchObject({ op: "DATA", block: 2 });
    }));

  it("T062 a datagram that the system refuses to send is as good as lost", () => {
    const refusing: OpenUdp = async (options) => {
      const socket = await (await open())(options);
      let n = 0;
      return {
        address: socket.address,
        port: socket.port,
        notes: socket.notes,
        unreadFor: () => socket.unreadFor(),
        close: () => socket.close(),
        send(to, ...rest) {
          // Port 0 is what the system itself refuses.
          socket.send(n++ % 3 === 0 ? { ...to, port: 0 } : to, ...rest);
        },
      };
    };
    return serving(
      async () => refusing,
      { a: pattern(5000) },
      async (served) => {
        expect((await fetchFile(served.port, "a", {}, { retry: 300 })).octets).toEqual(pattern(5000));
      },
    );
  });

  it("T063 the timeout that was agreed bounds the first wait", () => {
    const clock = new StandingClock();
    return serving(
      open,
      { a: pattern(9000) },
      async (served) => {
        const wire = await served.wire();
        wire.send(served.port, rrq("a", { timeout: 1 }));
        const { port } = await wire.packet();
        for (let block = 0; block < 4; block++) {
          clock.advance(950);
          await wire.during(10);
          wire.send(port, { op: "ACK", block });
          expect(await wire.packet()).toMatchObject({ op: "DATA", block: block + 1 });
        }
        clock.advance(1011);
        expect(await wire.packet()).toMatchObject({ op: "DATA", block: 4 });
      },
      { clock },
    );
  });
});

// Every case over both transports, in lockstep too, is the gate's (test/gate/tftp-wrap.test.ts).
describe.each(TRANSPORTS.slice(1))("block numbers that wrap, over %s", { timeout: 60_000 }, (_kind, open) => {
  const small = (size: number) => ({ big: new MemoryImage(`big${size}`, pattern(size)) });
  const identical = async (served: Served, size: number, options: Record<string, number>, wrapTo = 0) => {
    const got = await fetchFile(served.port, "big", options, { wrapTo });
    expect(Buffer.compare(got.octets, pattern(size))).toBe(0);
    return got;
  };

  it.each([65_536 * 512, 65_536 * 512 + 1])("T070 a file of %d octets goes past block 65535", (size) =>
    serving(open, small(size), async (served) => {
      const got = await identical(served, size, { windowsize: 64 });
      expect(got.blocks).toBe(Math.floor(size / 512) + 1);
    }),
  );

  it.each([4, 64])(
    "T071 so it does with blksize 8 and a window of %d, lost packets at the wrap included",
    (windowsize) =>
      serving(open, small(530_000), async (served) => {
        const wire = await served.wire();
        wire.send(served.port, rrq("big", { blksize: 8, windowsize }));
        const { port } = await wire.packet();
        wire.send(port, { op: "ACK", block: 0 });
        const lost = new Set([65_533, 65_534, 65_535, 65_536, 65_537, 65_538]);
        const whole = Buffer.alloc(530_000);
        let count = 0;
        let inWindow = 0;
        for (;;) {
          const arrived = await wire.next(1000);
          const data = arrived === undefined ? undefined : decodeTftp(arrived.octets);
          const expected = count + 1;
          if (data?.op === "DATA" && data.block === expected % 65_536) {
            if (lost.delete(expected)) continue;
            whole.set(data.octets, count * 8);
            count++;
            if (data.octets.length < 8) break;
            if (++inWindow < windowsize) continue;
          }
          inWindow = 0;
          wire.send(port, { op: "ACK", block: count % 65_536 });
        }
        expect(Buffer.compare(whole, pattern(530_000))).toBe(0);
        expect(lost.size).toBe(0);
      }),
  );

  it("T072 where a loader wants it, 1 follows 65535", () =>
    serving(
      open,
      small(1_100_000),
      async (served) => {
        await identical(served, 1_100_000, { blksize: 8, windowsize: 64 }, 1);
      },
      { wrapTo: ({ filename }) => (filename === "big" ? 1 : 0) },
    ));

  it("T073 after the wrap an ACK of 65535 and one of a whole turn ago are ignored", () =>
    serving(open, small(530_000), async (served) => {
      const wire = await served.wire();
      wire.send(served.port, rrq("big", { blksize: 8, windowsize: 64 }));
      const { port } = await wire.packet();
      wire.send(port, { op: "ACK", block: 0 });
      for (let count = 0; count < 65_536 + 64; ) {
        const data = await wire.packet();
        if (data.op !== "DATA" || data.block !== (count + 1) % 65_536) continue;
        count++;
        if (count % 64 === 0 && count <= 65_536) wire.send(port, { op: "ACK", block: count % 65_536 });
      }
      await wire.during(30);
      for (const block of [65_535, 65_500, 200, 40_000]) wire.send(port, { op: "ACK", block });
      expect(served.counters.live).toBe(1);
      await wire.during(30);
      wire.send(port, { op: "ACK", block: 64 });
      let next = await wire.packet();
      // On a busy machine the last window may have been sent twice before its ACK was read.
      while (next.op === "DATA" && next.block >= 1 && next.block <= 64) next = await wire.packet();
      expect(next).toMatchObject({ op: "DATA", block: 65 });
    }));

  it("T074 a file that wraps three times arrives as it is", () =>
    serving(open, small(1_600_003), async (served) => {
      const got = await identical(served, 1_600_003, { blksize: 8, windowsize: 64 });
      expect(got.blocks).toBe(200_001);
    }));
});
