import { expect, test } from "vitest";
import { createFadingMap } from "../../src/dhcp/fading-map.ts";

test("what was used last stays, what was not used for long goes", () => {
  const map = createFadingMap<number, string>(100);
  for (let n = 0; n < 100_000; n++) {
    map.set(n, `${n}`);
    expect(map.get(n)).toBe(`${n}`);
    expect(map.get(0)).toBe("0");
  }
  for (let n = 99_990; n < 100_000; n++) expect(map.get(n)).toBe(`${n}`);
  expect(map.get(50_000)).toBeUndefined();
});
