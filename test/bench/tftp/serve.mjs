// Our TFTP service over a directory, without the rest of provision: what the bench runs as one of the four servers.
//   node serve.mjs BUILT DIRECTORY batch|dgram      prints its port; ends when its standard input does
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [built, directory, kind] = process.argv.slice(2);
const { startTftp } = await import(pathToFileURL(join(built, "net/tftp-listener.js")));
const { openDgram } = await import(pathToFileURL(join(built, "net/udp.js")));
const { openSiteFiles } = await import(pathToFileURL(join(built, "files/site-files.js")));

const files = await openSiteFiles(directory);
const desk = {
  async answer({ filename }) {
    const image = await files.find(filename);
    return image === undefined ? { is: "refused", why: "not-found", because: "no such file" } : { is: "image", image };
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
