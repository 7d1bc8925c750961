import { fork } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { compiled } from "../compiled.ts";

/** Milliseconds; what was measured on two cores is a half of it and less. */
export const LONGEST_HOLD = 120;

/** A server in a process of its own, whose event loop is watched. */
export interface Held {
  /** What `work` told, and how long the event loop of the server was held at most meanwhile and for seconds after it. */
  during<T>(work: () => Promise<T>): Promise<{ readonly told: T; readonly longest: number }>;
  close(): Promise<void>;
}

/** Serves the site in this folder. */
export async function serveHeld(folder: string): Promise<Held> {
  const served = compiled(join(import.meta.dirname, "held.process.ts"));
  const server = fork(served.script, [folder]);
  await once(server, "message");

  /** What the server measured since it was asked last. */
  async function toldSince(): Promise<{ longest: number; resident: number }> {
    const answer = once(server, "message");
    server.send({});
    return ((await answer) as [{ longest: number; resident: number }])[0];
  }

  return {
    async during(work) {
      await toldSince();
      const began = performance.now();
      const told = await work();
      const took = performance.now() - began;
      await new Promise((resolve) => setTimeout(resolve, 3000));
      const { longest, resident } = await toldSince();
      process.stdout.write(
        `took ${took.toFixed(0)} ms, held at most ${longest.toFixed(0)} ms, ${(resident / 1e6).toFixed(0)} MB\n`,
      );
      return { told, longest };
    },
    async close() {
      server.disconnect();
      await once(server, "exit");
      rmSync(served.folder, { recursive: true });
    },
  };
}
