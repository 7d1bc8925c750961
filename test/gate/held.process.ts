import { monitorEventLoopDelay } from "node:perf_hooks";
import { loadConfig } from "../../src/server/config.ts";
import { createLog } from "../../src/server/log.ts";
import { start } from "../../src/server/start.ts";

/**
 * The service over the folder that is named, in a process of its own. Says, when asked, how long its event loop was held
 * at most since it was asked last, in milliseconds, and its resident memory.
 */
await start(loadConfig({ cwd: process.argv[2] ?? "" }, true), createLog("error", process.stderr));
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
process.on("message", () => {
  process.send?.({ longest: delay.max / 1e6, resident: process.memoryUsage.rss() });
  delay.reset();
});
process.on("disconnect", () => process.exit(0));
process.send?.({ ready: true });
