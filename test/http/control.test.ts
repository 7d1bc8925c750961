import fc from "fast-check";
import { expect, test } from "vitest";
import { control } from "../../src/http/control.ts";
import { controlRequests } from "../../src/http/control-requests.ts";

/** The control socket's requests over their real schemas, and what arrives behind them. */
function listening() {
  const arrived: unknown[] = [];
  const operations = Object.fromEntries(
    Object.entries(controlRequests).map(([name, schema]) => [
      name,
      async (input: unknown) => {
        arrived.push(schema.parse(input));
        return {};
      },
    ]),
  );
  const app = control(operations, () => ({ code: "E_CONTROL_REQUEST", exit: 2, findings: [] }));
  const post = async (path: string, body: string) =>
    (await app.request(`http://control/${path}`, { method: "POST", body })).status;
  return { arrived, post };
}

const key = fc.constantFrom(
  "__proto__",
  "constructor",
  "prototype",
  "polluted",
  "mac",
  "phones",
  "settings",
  "lines",
  "a",
);
const tree = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 5 }, fc.string({ maxLength: 5 }), fc.boolean(), fc.integer(), tie("object"), tie("list")),
  list: fc.array(tie("value"), { maxLength: 3 }),
  object: fc.array(fc.tuple(key, tie("value")), { maxLength: 4 }).map((entries) => ({
    raw: `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${written(value)}`).join(",")}}`,
  })),
})).object;

/** JSON by hand: `__proto__` must arrive as a key, which an object literal would swallow. */
function written(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(written).join(",")}]`;
  if (typeof value === "object" && value !== null && "raw" in value) return String(value.raw);
  return JSON.stringify(value);
}

test("S31 no body of 10,000 with __proto__ and constructor in it changes what objects inherit", async () => {
  const { post } = listening();
  const names = [...Object.keys(controlRequests), "__proto__", "constructor", "toString"];
  const kept = Object.getOwnPropertyNames(Object.prototype).sort();
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...names), tree, async (name, body) => {
      expect([200, 404, 409]).toContain(await post(name, written(body)));
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    }),
    { numRuns: 10_000 },
  );
  expect(Object.getOwnPropertyNames(Object.prototype).sort()).toEqual(kept);
});

test("S31 settings called __proto__ and constructor are settings, or refused", async () => {
  const { arrived, post } = listening();
  const status = await post(
    "putPhones",
    '{"phones":[{"mac":"000e84c060a6","settings":{"__proto__":"polluted","constructor":"x","toString":"y"}}]}',
  );
  const [read] = arrived as { phones: { settings: Record<string, string> }[] }[];
  const settings = read?.phones[0]?.settings;
  expect(
    status === 409 || Object.getPrototypeOf(settings) === Object.prototype || Object.getPrototypeOf(settings) === null,
  ).toBe(true);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});

test("a request in lines reaches its operation as the parts it was sent in, wherever the octets were cut", async () => {
  const arrived: unknown[][] = [];
  const app = control({ put: async (input, more = []) => ({ parts: arrived.push([input, ...more]) }) }, () => ({
    code: "E_CONTROL_REQUEST",
    exit: 2,
    findings: [],
  }));
  const octets = new TextEncoder().encode('{"a":["Zoë"]}\n{"a":["2\\n"]}\n{"a":[]}');
  const post = (pieces: readonly Uint8Array[]) =>
    app.request("http://control/put", {
      method: "POST",
      headers: { "content-type": "application/x-ndjson" },
      body: ReadableStream.from(pieces),
      duplex: "half",
    } as RequestInit);
  await fc.assert(
    fc.asyncProperty(fc.subarray([...octets.keys()]), async (cuts) => {
      const pieces = [0, ...cuts].map((from, i) => octets.subarray(from, cuts[i] ?? octets.length));
      expect((await post(pieces)).status).toBe(200);
      expect(arrived.pop()).toEqual([{ a: ["Zoë"] }, { a: ["2\n"] }, { a: [] }]);
    }),
  );
  expect((await post([octets.subarray(0, 30)])).status).toBe(409);
  expect(arrived).toEqual([]);
});

test("an answer is the JSON of what its operation gave, nested or not, long or empty", async () => {
  let given: unknown;
  const app = control({ get: async () => given }, () => ({ code: "E_UNEXPECTED", exit: 1, findings: [] }));
  const long = { phones: Array.from({ length: 20_000 }, (_, i) => ({ mac: `${i}`, label: "Zoë \u2028" })), more: {} };
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.anything(), fc.constant(long)), async (value) => {
      given = value;
      const written = JSON.stringify({ done: value ?? null });
      fc.pre(!written.includes("toJSON"));
      const answer = await app.request("http://control/get", { method: "POST", body: "{}" });
      expect(answer.headers.get("content-type")).toBe("application/json");
      expect(JSON.parse(await answer.text())).toEqual(JSON.parse(written));
    }),
  );
});

test("a body of 100,000 brackets, one larger than 64 MiB, and none are refused, and the next is served", async () => {
  const { post } = listening();
  expect(await post("status", "[".repeat(100_000))).toBe(409);
  expect(await post("status", `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`)).toBe(409);
  expect(await post("status", "")).toBe(409);
  expect(await post("status", "{}")).toBe(200);
});
