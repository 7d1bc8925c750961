import { expect, test } from "vitest";
import { isStation, parseMac, parseSubnet } from "../../src/wire/address.ts";

test.each([
  "00:0e:84:c0:60:a6",
  "0:e:84:c0:60:a6",
  "00-0E-84-C0-60-A6",
  "00 0e 84 c0 60 a6",
  "000e.84c0.60a6",
  "000e84-c060a6",
  "000E84:C060A6",
  "000E84C060A6",
  "SEP000E84C060A6",
  "sep000e84c060a6",
])("a MAC written as %s is read", (text) => {
  expect(parseMac(text)).toBe("000e84c060a6");
});

test.each([
  "",
  "00:0e:84:c0:60",
  "00:0e:84:c0:60:a6:00",
  "00:0e-84:c0-60:a6",
  "00:0e:84:c0:60:g6",
  "000e84c060a",
  "SEP00:0e:84:c0:60:a6",
  "SIP000E84C060A6",
  "000e84c060a6.cfg",
  "::::: ",
])("%j is no MAC", (text) => {
  expect(parseMac(text)).toBeUndefined();
});

test("a broadcast, a group and no address at all are no station's", () => {
  const are = ["ffffffffffff", "01005e000001", "000000000000", "000e84c060a6", "020e84c060a6"].map((text) => {
    const mac = parseMac(text);
    return mac !== undefined && isStation(mac);
  });
  expect(are).toEqual([false, false, false, true, true]);
});

test.each(["192.0.2.0/24", "192.0.2.9/24", "192.0.2.0/255.255.255.0", "192.0.2.0 255.255.255.0", "192.0.2.0 / 24"])(
  "a subnet written as %s is read",
  (text) => {
    expect(parseSubnet(text)).toEqual({ network: "192.0.2.0", prefix: 24 });
  },
);

test.each([
  "192.0.2.0/33",
  "192.0.2.0/255.0.255.0",
  "192.0.2.0 24",
  "192.0.2.0/24/24",
  "192.0.2.0 255.255.255.0 x",
  "",
])("%j is no subnet", (text) => {
  expect(parseSubnet(text)).toBeUndefined();
});
