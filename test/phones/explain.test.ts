import { expect, test } from "vitest";
import { explainSettings } from "../../src/phones/explain.ts";
import { settingsOf } from "../../src/phones/group.ts";
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
  expect(row("register_expires")).toEqual({ setting: "register_expires", value: "3600", from: "standard", over: [] });
  // Only a Java phone's file has a place for it.
  expect(row("ring")).toBeUndefined();
  expect(row("line1")?.value).toBe("201");
  expect(JSON.stringify(rows)).not.toMatch(/Canary|s3cret/);
});

test("a group's profile stands below the group's own settings and is named", () => {
  const profile = { name: "public", settings: { web_access: "off", voicemail: "1" } };
  const groups = [
    { name: "lobby", select: { group: "reception" }, settings: { voicemail: "2" }, profile },
    { name: "everyone", select: {}, settings: { web_access: "on", codec: "g711alaw" } },
  ];
  const rows = explainSettings({ ...phone, settings: {} }, model7960, groups, site);
  const row = (name: string) => rows.find(({ setting }) => setting === name);
  expect(row("voicemail")).toMatchObject({ value: "2", from: "group lobby", over: ["group lobby, profile public"] });
  expect(row("web_access")).toMatchObject({
    value: "off",
    from: "group lobby, profile public",
    over: ["group everyone"],
  });
  expect(settingsOf({ ...phone, settings: {} }, model7960, groups).settings).toEqual({
    voicemail: "2",
    web_access: "off",
    codec: "g711alaw",
  });
});
