import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { fetchDevicePage } from "../../src/net/fetch-device.ts";
import type { Ipv4 } from "../../src/wire/address.ts";

const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function fetched(listener: RequestListener) {
  const server = createServer(listener);
  open.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return fetchDevicePage("127.0.0.1" as Ipv4, (server.address() as AddressInfo).port);
}

test("the page of a phone is fetched by its one path", async () => {
  const page = await fetched((request, response) => response.end(`${request.method} ${request.url}`));
  expect(page).toEqual({ is: "page", text: "GET /DeviceInformationX" });
});

test("a redirect is not followed, wherever it leads", async () => {
  let asked = 0;
  const page = await fetched((_, response) => {
    asked++;
    response.writeHead(302, { location: "http://169.254.169.254/latest" }).end();
  });
  expect([page, asked]).toEqual([{ is: "failed", because: "it answered 302" }, 1]);
});

test("a page without end is cut off", async () => {
  const page = await fetched((_, response) => {
    const more = () => response.write("x".repeat(30_000), () => response.destroyed || setImmediate(more));
    more();
  });
  expect(page).toMatchObject({ is: "failed", because: expect.stringContaining("larger") });
});

test("a phone that never ends its answer is given up after five seconds, a closed port at once", async () => {
  const page = await fetched((_, response) => void response.write("<"));
  expect(page).toEqual({ is: "failed", because: "it did not answer in time" });
  expect(await fetchDevicePage("127.0.0.1" as Ipv4, 1)).toMatchObject({ is: "failed" });
}, 10_000);
