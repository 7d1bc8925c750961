import { expect, test } from "vitest";
import { explainSettings } from "../../src/phones/explain.ts";
import { model7960, phone, site } from "../render/sample.ts";

test("each setting names who set it, and who set it in vain", () => {
  const groups = [
    { name: "everyone", select: {}, settings: { sip_port: "5070", voicemail: "8500" } },
    { name: "reception", select: { group: "reception", model: "7960" }, settings: { sip_port: "5080" } },
  ];
  const rows = explainSettings(
    { ...phone, settings: { sip_port: "5090", phone_password: "Canary" } },
    model7960,
    groups,
    site,
  );
  const row = (name: string) => rows.find(({ setting }) => setting === name);
  expect(row("sip_port")).toEqual({
    setting: "sip_port",
    value: "5090",
    from: "phone",
    over: ["group reception", "group everyone", "site"],
  });
  expect(row("voicemail")).toEqual({ setting: "voicemail", value: "8500", from: "group everyone", over: [] });
  expect(row("time_zone")).toEqual({ setting: "time_zone", value: "Europe/Berlin", from: "site", over: [] });
  expect(row("line1")?.value).toBe("201");
  expect(JSON.stringify(rows)).not.toMatch(/Canary|s3cret/);
});
