import { XMLValidator } from "fast-xml-parser";
import { afterEach, expect, test } from "vitest";
import { type Listening, listenHttp } from "../../src/http/listen.ts";
import { phonePage } from "../../src/http/phone-page.ts";
import type { Guidance } from "../../src/migration/guide.ts";
import type { PhoneStatus } from "../../src/provision/status.ts";

const open: Listening[] = [];
afterEach(async () => {
  for (const listening of open.splice(0)) await listening.stop();
});

const hostile = `"><script>alert(1)</script><img src=x onerror=alert(2)>'</title>&{{x}}\u202e\u0000`;
const phone: PhoneStatus = {
  mac: "00:0e:84:c0:60:a6",
  model: hostile,
  ip: "192.0.2.50",
  state: "waiting",
  stage: 1,
  stages: 3,
  release: hostile,
  target: hostile,
  since: "",
  evidence: [hostile],
  waitsFor: [hostile],
};
const guidance: Guidance = {
  now: hostile,
  next: [hostile],
  handsOff: false,
  ifItShows: [{ sees: hostile, meaning: hostile, causes: [hostile], do: hostile }],
  over: false,
};

async function serve() {
  const app = phonePage(async (mac) => (mac === "000e84c060a6" ? { phone, guidance } : undefined));
  const listening = await listenHttp(app, { address: "127.0.0.1", port: 0 });
  open.push(listening);
  return (path: string, method = "GET") => fetch(`http://127.0.0.1:${listening.port}${path}`, { method });
}

test("the page of a phone is read only, without script, and hostile words stay words", async () => {
  const ask = await serve();
  const answer = await ask("/00:0e:84:c0:60:a6");
  const html = await answer.text();
  expect(answer.status).toBe(200);
  const policy = answer.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain("unsafe");
  expect(html).not.toMatch(/<script|<img|\son\w+=x/i);
  expect(html).not.toContain("\u202e");
  expect(html).toContain("&lt;script&gt;");
  expect(
    html
      .match(/<[a-z]+\d?/g)
      ?.filter((tag) => !/^<(?:html|head|meta|title|style|body|h\d|p|ol|ul|li|b|small|code)$/.test(tag)),
  ).toEqual([]);
  expect(XMLValidator.validate(html.replace("<!doctype html>", "").replace(/<meta[^>]*>/g, ""))).toBe(true);
  expect((await ask("/00:0e:84:c0:60:a6", "POST")).status).toBe(404);
});

test("any notation of the MAC leads to it; another phone, or no MAC, is not found", async () => {
  const ask = await serve();
  expect((await ask("/000e.84c0.60a6")).status).toBe(200);
  for (const path of ["/000e84000001", "/x", "/..%2f..%2fetc", `/${"a".repeat(3000)}`])
    expect((await ask(path)).status).toBe(404);
});
