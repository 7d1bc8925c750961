import { describe, expect, it } from "vitest";
import { PLAIN, type Terms } from "../../src/tftp/negotiate.ts";
import {
  beginReceiving,
  type Incoming,
  type ReceivingEvent,
  type ReceivingStep,
  stepReceiving,
} from "../../src/tftp/receiving.ts";

const OACK = [{ name: "windowsize", value: "4" }];
const windowed: Terms = { blksize: 512, windowsize: 4, oack: OACK };
const data = (block: number, length = 512): ReceivingEvent => ({ is: "data", block, length });

function run(first: ReceivingStep, script: readonly (readonly [number, ReceivingEvent])[]) {
  let step = first;
  const told: string[] = [say(step)];
  for (const [now, event] of script) {
    step = stepReceiving(step.state, event, now);
    told.push(say(step));
  }
  return { told, state: step.state };
}

function say({ send, keep, complete }: ReceivingStep): string {
  const sent =
    send?.is === "ack" ? `ack ${send.block}` : send?.is === "error" ? `error ${send.code}` : (send?.is ?? "");
  return [keep ? "keep" : "", complete ? "complete" : "", sent].filter((part) => part !== "").join(" ");
}

describe("a write transfer", () => {
  it("acknowledges each block, and the last only when the file is stored", () => {
    const { told, state } = run(beginReceiving(PLAIN, 10_000, 0), [
      [1, data(1)],
      [2, data(2, 100)],
      [3, data(2, 100)],
      [4, { is: "stored" }],
      [5, data(2, 100)],
      [2100, { is: "wake", dice: 0 }],
    ]);
    expect(told).toEqual(["ack 0", "keep ack 1", "keep complete", "", "ack 2", "ack 2", ""]);
    expect(state).toEqual({ at: "done" });
  });

  it("takes a block once, and none that comes early", () => {
    const { told } = run(beginReceiving(PLAIN, 10_000, 0), [
      [1, data(1)],
      [2, data(1)],
      [3, data(3)],
      [4, data(2)],
    ]);
    expect(told).toEqual(["ack 0", "keep ack 1", "ack 1", "", "keep ack 2"]);
  });

  it("acknowledges a window at its end, and a gap once", () => {
    const { told } = run(beginReceiving(windowed, 100_000, 0), [
      [1, data(1)],
      [2, data(2)],
      [3, data(4)],
      [4, data(4)],
      [5, data(3)],
      [6, data(4)],
      [7, data(5)],
      [8, data(6)],
    ]);
    expect(told).toEqual(["oack", "keep", "keep", "ack 2", "", "keep", "keep", "keep", "keep ack 6"]);
  });

  it.each<[string, ReceivingEvent, string, string]>([
    ["beyond the limit", data(1, 512), "error 3", "too-large"],
    ["longer than agreed", data(1, 513), "error 4", "misuse"],
    ["when the client breaks off", { is: "error" }, "", "peer-error"],
    ["when the server stops", { is: "stop" }, "error 0", "stopped"],
  ])("ends %s", (_name, event, told, because) => {
    const end = run(beginReceiving(PLAIN, 500, 0), [[1, event]]);
    expect(end.told[1]).toBe(told);
    expect(end.state).toEqual({ at: "broken", because });
  });

  it.each([
    [true, "error 3"],
    [false, "error 0"],
  ])("tells the client when the file could not be stored (disk full: %s)", (full, told) => {
    const end = run(beginReceiving(PLAIN, 500, 0), [
      [1, data(1, 5)],
      [2, { is: "unstored", full }],
    ]);
    expect(end.told[2]).toBe(told);
  });

  it("repeats its last answer with growing pauses, and gives up after 25 s", () => {
    let step = stepReceiving(beginReceiving(PLAIN, 10_000, 0).state, data(1), 0);
    const at: number[] = [];
    while (step.state.at === "receiving") {
      const now: number = (step.state as Incoming).wakeAt;
      step = stepReceiving(step.state, { is: "wake", dice: 0.5 }, now);
      if (step.send) at.push(now);
    }
    expect(at[0]).toBe(500);
    expect(at.length).toBeLessThan(9);
    expect(step.state).toEqual({ at: "broken", because: "no-answer" });
  });

  it("answers a repeated request while nothing has been received", () => {
    const { told } = run(beginReceiving(PLAIN, 500, 0), [
      [50, { is: "repeated" }],
      [150, { is: "repeated" }],
      [160, data(1)],
    ]);
    expect(told.slice(0, 3)).toEqual(["ack 0", "", "ack 0"]);
  });

  it("is over for good once it is over", () => {
    const end = { at: "broken", because: "stopped" } as const;
    expect(stepReceiving(end, data(1), 1)).toEqual({ state: end });
    const dallying = run(beginReceiving(PLAIN, 500, 0), [
      [1, data(1, 5)],
      [2, { is: "stored" }],
    ]).state;
    expect(stepReceiving(dallying, { is: "error" }, 3).state).toEqual({ at: "done" });
    expect(stepReceiving(dallying, { is: "stop" }, 3).state).toEqual({ at: "done" });
    expect(stepReceiving(dallying, { is: "stored" }, 3).state).toBe(dallying);
  });
});
