import { expect, test } from "vitest";
import { compareWithModel } from "./dhcp-model.ts";

test.each([1, 2, 3, 4])(
  "R03 the service and a plain second server agree on every step of random life %i",
  async (seed) => {
    const { acks, naks } = await compareWithModel(seed, 5000);
    expect(acks).toBeGreaterThan(300);
    expect(naks).toBeGreaterThan(100);
  },
);
