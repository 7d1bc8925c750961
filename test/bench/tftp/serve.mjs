// Our own service over a directory of files in memory: what the bench runs as one of the four servers.
//   node serve.mjs BUILT DIRECTORY batch|dgram      prints its port; ends when its standard input does
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [built, directory, kind] = process.argv.slice(2);
const { startTftp } = await import(pathToFileURL(join(built, "net/tftp-listener.js")));
const { openDgram } = await import(pathToFileURL(join(built, "net/udp.js")));

const files = new Map(readdirSync(directory).map((name) => [name, readFileSync(join(directory, name))]));
const desk = {
  async answer({ filename }) {
    const octets = files.get(filename);
    if (octets === undefined) return { is: "refused", why: "not-found", because: "no such file" };
    const image = {
      name: filename,
      size: octets.length,
      key: filename,
      read: async (offset, length) => octets.subarray(offset, offset + length),
      close: async () => {},
    };
    return { is: "image", image };
  },
  delivered() {},
};
const service = await startTftp({
  listen: "127.0.0.1",
  port: 0,
  desk,
  ...(kind === "dgram" ? { openUdp: openDgram } : {}),
  on: (event) => event.event === "tftp.note" && console.error(event.message),
});
console.log(service.port);
process.stdin.resume();
process.stdin.on("end", async () => {
  await service.stop();
  console.error(JSON.stringify({ ...service.counters, rss: process.memoryUsage.rss() }));
});
