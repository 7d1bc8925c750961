import { expect, test } from "vitest";
import { beginTicking } from "../../src/server/ticking.ts";

const milliseconds = (count: number) => new Promise<void>((resolve) => setTimeout(resolve, count));

test("a look that takes long is never overtaken by the next, and stopping waits for it", async () => {
  let looking = 0;
  let most = 0;
  let looks = 0;
  const stop = beginTicking(1, async () => {
    looking += 1;
    most = Math.max(most, looking);
    await milliseconds(15);
    looking -= 1;
    looks += 1;
  });
  while (looks < 2) await milliseconds(5);
  await stop();
  const then = looks;
  await milliseconds(40);
  expect([most, looking, looks]).toEqual([1, 0, then]);
});
