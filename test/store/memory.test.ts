import { createMemoryStore } from "../../src/store/memory.ts";
import { describeStore } from "./contract.ts";

describeStore("memory", () =>
  Promise.resolve({
    open: () => Promise.resolve(createMemoryStore()),
    discard: () => Promise.resolve(),
    durable: false,
  }),
);
