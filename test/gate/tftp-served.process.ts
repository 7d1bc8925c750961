import { readdirSync } from "node:fs";
import { openSiteFiles } from "../../src/files/site-files.ts";
import { startTftp } from "../../src/net/tftp-listener.ts";
import type { Ipv4 } from "../../src/wire/address.ts";
import { liveHeap, residentMemory } from "../memory.ts";

/** The TFTP service over the files of a folder, in a process of its own. Says its port, and what it uses when asked. */
const files = await openSiteFiles(process.argv[2] ?? "");
const service = await startTftp({
  listen: "127.0.0.1" as Ipv4,
  port: 0,
  desk: {
    async answer({ filename }) {
      const image = await files.find(filename);
      if (image === undefined) return { is: "refused", why: "not-found", because: "no such file" };
      return { is: "image", image };
    },
    delivered() {},
  },
});
process.on("message", () => {
  process.send?.({
    rss: residentMemory(),
    heap: liveHeap(),
    descriptors: readdirSync("/proc/self/fd").length,
    counters: service.counters,
  });
});
process.on("disconnect", () => process.exit(0));
process.send?.({ port: service.port });
