import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Octets of the heap that something still holds: what is garbage goes first, or a bound would depend on its moment. */
export function liveHeap(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

/** Octets of the process's resident memory once the garbage has gone. */
export function residentMemory(): number {
  collect();
  return process.memoryUsage.rss();
}
