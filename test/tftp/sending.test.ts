import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PLAIN, type Terms } from "../../src/tftp/negotiate.ts";
import {
  beginSending,
  type Sending,
  type SendingEvent,
  type SendingStep,
  stepSending,
  type UnderWay,
  wireNumber,
} from "../../src/tftp/sending.ts";

const OACK = [{ name: "blksize", value: "512" }];
const windowed = (windowsize: number): Terms => ({ blksize: 512, windowsize, oack: OACK });

/** Runs a script of (time, event) and returns what was sent at each step. */
function run(first: SendingStep, script: readonly (readonly [number, SendingEvent])[]) {
  let step = first;
  const sends = [step.send];
  for (const [now, event] of script) {
    step = stepSending(step.state, event, now);
    sends.push(step.send);
  }
  return { sends, state: step.state };
}

const ack = (block: number): SendingEvent => ({ is: "ack", block });
const wake: SendingEvent = { is: "wake", dice: 0.5 };
const blocks = (from: number, to = from) => ({ is: "blocks", from, to });

/** Wakes whenever the machine asks for it, until it is over; returns when it sent. */
function unanswered(first: SendingStep): { at: number[]; state: Sending; end: number } {
  let step = first;
  let now = 0;
  const at = [0];
  while (step.state.at === "offering" || step.state.at === "sending") {
    now = (step.state as UnderWay).wakeAt;
    step = stepSending(step.state, wake, now);
    if (step.send !== undefined) at.push(now);
  }
  return { at, state: step.state, end: now };
}

describe("a read transfer", () => {
  it("sends one block for each ACK and is done with the last", () => {
    const { sends, state } = run(beginSending(PLAIN, 3, 0, 0), [
      [1, ack(1)],
      [2, ack(2)],
      [3, ack(3)],
    ]);
    expect(sends).toEqual([blocks(1), blocks(2), blocks(3), undefined]);
    expect(state).toEqual({ at: "done" });
  });

  it("sends nothing for an ACK that repeats, comes late or comes early", () => {
    const { sends } = run(beginSending(PLAIN, 3000, 0, 0), [
      [1, ack(1)],
      [2, ack(1)],
      [2, ack(1)],
      [2, ack(0)],
      [2, ack(3)],
      [2, ack(1002)],
    ]);
    expect(sends.slice(1)).toEqual([blocks(2), undefined, undefined, undefined, undefined, undefined]);
  });

  it("begins after an OACK with ACK 0 and nothing else", () => {
    const { sends } = run(beginSending(windowed(1), 3, 0, 0), [
      [1, ack(1)],
      [2, ack(5)],
      [3, ack(0)],
      [4, ack(0)],
    ]);
    expect(sends).toEqual([{ is: "oack" }, undefined, undefined, blocks(1), undefined]);
  });

  it("waits about as long as the way to the client takes before it sends again", () => {
    const fast = run(beginSending(PLAIN, 99, 0, 0), [[1, ack(1)]]).state as UnderWay;
    expect(fast.wakeAt - 1).toBeLessThanOrEqual(250);
    let step = beginSending(PLAIN, 99, 0, 0);
    for (let n = 1; n < 20; n++) {
      const { wakeAt } = step.state as UnderWay;
      if (wakeAt < 800 * n) {
        expect(n, "no packet twice after the third").toBeLessThan(3);
        step = stepSending(step.state, wake, wakeAt);
      }
      step = stepSending(step.state, ack(n), 800 * n);
    }
  });

  it("learns a way that became slower instead of sending everything twice for ever", () => {
    let step = beginSending(PLAIN, 999, 0, 0);
    let now = 0;
    let repeats = 0;
    for (let n = 1; n < 60; n++) {
      const answerAt = now + (n < 20 ? 1 : 400);
      while ((step.state as UnderWay).wakeAt < answerAt) {
        step = stepSending(step.state, wake, (step.state as UnderWay).wakeAt);
        if (n > 30) repeats++;
      }
      now = answerAt;
      step = stepSending(step.state, ack(n), now);
    }
    expect(repeats).toBe(0);
  });

  it("sends four times and waits 25 s before it gives up on a client that never answered", () => {
    const { at, state, end } = unanswered(beginSending(PLAIN, 3, 0, 0));
    expect(at).toHaveLength(4);
    expect(end).toBeGreaterThanOrEqual(25_000);
    expect(state).toEqual({ at: "broken", because: "no-answer" });
    expect(unanswered(beginSending(windowed(4), 3, 0, 0)).at).toHaveLength(4);
  });

  it("is patient for 25 s with a client that has answered before, and backs off up to 8 s", () => {
    const begun = stepSending(beginSending(PLAIN, 3, 0, 0).state, ack(1), 1);
    const { at, end } = unanswered(begun);
    const gaps = at.slice(1).map((time, i) => time - (at[i] as number));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(8800);
    expect(end).toBeGreaterThanOrEqual(25_000);
    expect(end).toBeLessThan(40_000);
  });

  it("waits no longer than the timeout that was agreed before it first sends again", () => {
    const step = beginSending({ ...PLAIN, timeout: 1, oack: [{ name: "timeout", value: "1" }] }, 3, 0, 0);
    expect((step.state as UnderWay).wakeAt).toBe(500);
    const slow = run(step, [
      [900, ack(0)],
      [1800, ack(1)],
    ]).state as UnderWay;
    expect(slow.roundTrip.rto).toBeGreaterThan(1000);
    expect(slow.wakeAt - 1800).toBe(1000);
  });

  it("answers a repeated request with the first packet, not too often", () => {
    const { sends } = run(beginSending(PLAIN, 3, 0, 0), [
      [50, { is: "repeated" }],
      [120, { is: "repeated" }],
      [150, { is: "repeated" }],
    ]);
    expect(sends).toEqual([blocks(1), undefined, blocks(1), undefined]);
  });

  it("begins anew when the client repeats its request long after its last ACK", () => {
    const script: (readonly [number, SendingEvent])[] = [
      [1, ack(1)],
      [10, { is: "repeated" }],
    ];
    expect(run(beginSending(PLAIN, 9, 0, 0), script).state.at).toBe("sending");
    const later = run(beginSending(PLAIN, 9, 0, 0), [...script, [1500, { is: "repeated" }]]).state;
    expect(later).toEqual({ at: "broken", because: "restarted" });
  });

  it("goes on in a window where the client says something is missing", () => {
    const { sends } = run(beginSending(windowed(4), 13, 0, 0), [
      [1, ack(0)],
      [2, ack(4)],
      [3, ack(6)],
      [4, ack(10)],
      [5, ack(13)],
    ]);
    expect(sends).toEqual([{ is: "oack" }, blocks(1, 4), blocks(5, 8), blocks(7, 10), blocks(11, 13), undefined]);
  });

  it("sends a window again for a repeated ACK at most once, and not before the client can have seen the window", () => {
    const { sends } = run(beginSending(windowed(4), 99, 0, 0), [
      [10, ack(0)],
      [20, ack(4)],
      [21, ack(4)],
      [29, ack(4)],
      [30, ack(4)],
      [31, ack(4)],
    ]);
    expect(sends.slice(2)).toEqual([blocks(5, 8), undefined, blocks(5, 8), undefined, undefined]);
  });

  it("does not send the whole window for each ACK of a client that acknowledges every block", () => {
    let step = stepSending(beginSending(windowed(8), 400, 0, 0).state, ack(0), 10);
    const sent: number[] = [];
    const arriving: { at: number; block: number }[] = [];
    let now = 10;
    while (step.state.at === "sending") {
      if (step.send?.is === "blocks") {
        for (let block = step.send.from; block <= step.send.to; block++) {
          sent.push(block);
          arriving.push({ at: now + 10 + (block - step.send.from) * 0.01, block });
        }
      }
      const next = arriving.shift();
      if (next === undefined) throw new Error("the transfer stands still");
      now = Math.max(now, next.at);
      step = stepSending(step.state, ack(next.block), now);
    }
    expect(step.state).toEqual({ at: "done" });
    expect(sent.length).toBeLessThan(400 * 4);
  });

  it("halves the window after three timeouts, and opens it again when the way is clear", () => {
    let step = stepSending(beginSending(windowed(8), 999, 0, 0).state, ack(0), 10);
    let now = 10;
    const sizes: number[] = [];
    for (let n = 0; n < 4; n++) {
      now = (step.state as UnderWay).wakeAt;
      step = stepSending(step.state, wake, now);
      const send = step.send as { from: number; to: number };
      sizes.push(send.to - send.from + 1);
    }
    expect(sizes).toEqual([8, 8, 4, 2]);
    for (const block of [2, 4, 8]) step = stepSending(step.state, ack(block), ++now);
    expect(step.send).toEqual(blocks(9, 16));
  });

  it("counts on past 65535 to 0, or to 1 where a loader wants it", () => {
    expect([65_535, 65_536, 65_537, 131_072].map((n) => wireNumber(n, 0))).toEqual([65_535, 0, 1, 0]);
    expect([65_535, 65_536, 131_070, 131_071].map((n) => wireNumber(n, 1))).toEqual([65_535, 1, 65_535, 1]);
    for (const wrapTo of [0, 1] as const) {
      let step = beginSending(windowed(64), 200_000, wrapTo, 0);
      step = stepSending(step.state, ack(0), 1);
      for (let now = 2; step.state.at === "sending"; now++) {
        const { sent } = step.state;
        step = stepSending(step.state, ack(wireNumber(sent, wrapTo)), now);
        if (step.state.at === "sending") expect(step.state.acked).toBe(sent);
      }
      expect(step.state).toEqual({ at: "done" });
    }
  });

  it("answers octets that cannot be read with ERROR 0 and never with a block", () => {
    const { sends, state } = run(beginSending(PLAIN, 3, 0, 0), [[1, { is: "unreadable" }]]);
    expect(sends[1]).toMatchObject({ is: "error", code: 0 });
    expect(state).toEqual({ at: "broken", because: "unreadable" });
  });

  it("counts the time on the wire alone when the octets had to be fetched", () => {
    const { state } = run(beginSending(PLAIN, 3, 0, 0), [
      [500, { is: "fetched" }],
      [501, ack(1)],
    ]);
    expect((state as UnderWay).roundTrip.smoothed).toBe(1);
  });

  it("is over for good once it is over", () => {
    for (const end of [
      run(beginSending(PLAIN, 1, 0, 0), [[1, ack(1)]]).state,
      { at: "broken", because: "stopped" } as const,
    ]) {
      for (const event of [ack(1), wake, { is: "error" }, { is: "repeated" }, { is: "stop" }] as SendingEvent[]) {
        expect(stepSending(end, event, 99)).toEqual({ state: end });
      }
    }
  });

  it("gives a client that loses, doubles and delays packets the whole file, and never a block beyond its own window", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom(1, 2, 4, 16),
        fc.array(fc.integer({ min: 0, max: 99 }), { minLength: 200, maxLength: 200 }),
        (last, windowsize, fates) => {
          let at = 0;
          const fate = () => fates[at++ % fates.length] as number;
          let step = beginSending({ blksize: 8, windowsize, oack: OACK }, last, 0, 0);
          let now = 0;
          let got = 0;
          let counted = 0;
          const acks: number[] = [];
          for (let turn = 0; turn < 3000 && (step.state.at === "offering" || step.state.at === "sending"); turn++) {
            const { send } = step;
            if (send?.is === "oack" && fate() >= 20) acks.push(0);
            if (send?.is === "blocks") {
              expect(send.to - send.from).toBeLessThan(windowsize);
              for (let block = send.from; block <= send.to; block++) {
                if (fate() < 20) continue;
                if (block !== got + 1) acks.push(got);
                else if (++got === last || ++counted % windowsize === 0) acks.push(got);
              }
            }
            const next = acks.shift();
            if (next === undefined) {
              now = (step.state as UnderWay).wakeAt;
              step = stepSending(step.state, { is: "wake", dice: fate() / 100 }, now);
            } else {
              if (fate() < 10) acks.push(next);
              now += 1;
              step = fate() < 20 ? { state: step.state } : stepSending(step.state, ack(next), now);
            }
          }
          expect(got === last || step.state.at === "broken").toBe(true);
          if (step.state.at === "done") expect(got).toBe(last);
        },
      ),
    );
  });
});
