import fc from "fast-check";
import { expect, test } from "vitest";
import { packageOf } from "../../src/sim/cisco-7940/packages.ts";
import { membersOf, readImage, signedFilling, unsignedImage } from "../../src/sim/images.ts";
import { textOf } from "../../src/sim/octets.ts";

const sizes = (load: string) => Object.fromEntries(packageOf(load).map(({ name, octets }) => [name, octets.length]));

test("the packages have the names and sizes that were measured (cisco.md §4.3)", () => {
  expect(sizes("P0S3-8-12-00")).toEqual({
    "P003-8-12-00.bin": 130_552,
    "P003-8-12-00.sbn": 130_956,
    "P0S3-8-12-00.loads": 458,
    "P0S3-8-12-00.sb2": 756_524,
  });
  expect(sizes("P0030801SR02")).toMatchObject({ "P0030801SR02.bin": 130_552, "P0030801SR02.loads": 458 });
  expect(sizes("P00308000500")["P00308000500.loads"]).toBe(458);
  expect(Object.keys(sizes("P00305000500"))).toEqual(["P00305000500.bin", "P00305000500.sbn"]);
  expect(Object.keys(sizes("P0S30203"))).toEqual(["P0S30203.bin"]);
});

test("a .loads of the 7940 lists its two members", () => {
  const loads = packageOf("P0S3-8-12-00").find(({ name }) => name.endsWith(".loads"));
  const image = readImage(loads?.octets ?? new Uint8Array());
  expect(image).toMatchObject({ is: "signed", name: "P0S3-8-12-00.loads", sound: true });
  expect(image.is === "signed" && textOf(image.body)).toBe("P003-8-12-00.sbn\nP0S3-8-12-00.sb2\nLA_VERSION=PAS30830\n");
  expect(image.is === "signed" && membersOf(image.body)).toEqual(["P003-8-12-00.sbn", "P0S3-8-12-00.sb2"]);
});

test("an unsigned image carries its name at 0x20", () => {
  const octets = unsignedImage("P0S30203", 4096);
  expect(textOf(octets, 0x20, 0x28)).toBe("P0S30203");
  expect(readImage(octets)).toEqual({ is: "unsigned", name: "P0S30203", sound: true });
});

test("no change of a bit and no cut makes a signed image that is sound under its own name", () => {
  const octets = signedFilling("P0S3-8-12-00.sb2", 1500);
  fc.assert(
    fc.property(fc.nat(octets.length * 8 - 1), (bit) => {
      const changed = octets.slice();
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      const image = readImage(changed);
      // Signer, issuer and padding are not covered by the body's digest; a phone's signature covers those too.
      const covered = bit >> 3 >= 404 || (image.is === "signed" && image.name !== "P0S3-8-12-00.sb2");
      return !covered || image.is !== "signed" || !image.sound;
    }),
  );
  fc.assert(
    fc.property(fc.nat(octets.length - 1), (length) => {
      const image = readImage(octets.subarray(0, length));
      return image.is !== "signed" || !image.sound;
    }),
  );
});

test("any octets are read without an exception", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), (octets) => readImage(octets) !== undefined));
});
