import { readFileSync } from "node:fs";
import type { Received } from "../http/control-requests.ts";
import { createAmi } from "../net/ami.ts";
import { createNotifier } from "../net/sip-notify.ts";
import { type Restarted, type RestartParts, restartPhone } from "../provision/restart.ts";
import { inSubnet, type Mac } from "../wire/address.ts";
import type { Config } from "./config.ts";
import type { Core } from "./core.ts";
import { failure, systemCode } from "./failure.ts";

/** What `provision restart --json` prints. */
export interface RestartAnswer {
  readonly phones: readonly Restarted[];
}

/** How many phones are asked at once: a PBX and a switch bear more, a person who watches does not. */
const atOnce = 10;

/**
 * Restarts the phones that are named; without a name those that wait for their lever and whose turn it is. Throws
 * `E_AMI_SECRET` when the file with the PBX's secret cannot be read.
 */
export async function restart(core: Core, { macs, dryRun }: Received<"restart">): Promise<RestartAnswer> {
  const parts = restartParts(core);
  const named = macs.length > 0 ? [...new Set(macs)] : nextPhones(core);
  const phones: Restarted[] = [];
  for (let i = 0; i < named.length; i += atOnce)
    phones.push(...(await Promise.all(named.slice(i, i + atOnce).map((mac) => restartPhone(parts, mac, dryRun)))));
  return { phones };
}

function nextPhones(core: Core): readonly Mac[] {
  return core.tracker
    .all()
    .filter(({ migration }) => migration.progress.at === "waiting" && migration.wish === "go")
    .filter(({ migration }) => core.tracker.turn(migration, core.now()).is === "now")
    .map(({ migration }) => migration.mac);
}

/** What restarts phones under this configuration. */
function restartParts(core: Pick<Core, "config" | "store" | "tracker" | "known">): RestartParts {
  const { config, store, tracker, known } = core;
  const { ami, sip, port } = config.restart;
  return {
    store,
    tracker,
    graph: known.graph,
    allows: (ip) => config.access.allow.some((subnet) => inSubnet(ip, subnet)),
    sipPort: port,
    ...(sip ? { send: createNotifier(config.site.serverAddress) } : {}),
    ...(ami === undefined ? {} : { askPbx: createAmi({ ...ami, secret: secretOf(ami, config.file) }) }),
  };
}

/** The PBX's secret, from its file where it has one. Throws `E_AMI_SECRET`. */
export function secretOf(
  { secret, secretFile }: NonNullable<Config["restart"]["ami"]>,
  file: string | undefined,
): string {
  if (secretFile === undefined) return secret ?? "";
  try {
    return readFileSync(secretFile, "utf8").trim();
  } catch (error) {
    throw failure("E_AMI_SECRET", 2, {
      where: `${file ?? "configuration"}: restart.ami.secretFile`,
      message: `the file with the PBX's secret cannot be read (${systemCode(error) ?? "no text"})`,
      remedy: "correct the path, or let the server's user read it",
    });
  }
}

/** What a running server does for migrations that restart their phones by themselves. */
interface SelfRestart {
  /** Restarts phones whose turn has come, a few at a time, each once in a stage. Never rejects. */
  look(): Promise<void>;
}

/** `restarted` is told of each phone that was asked. */
export function createSelfRestart(core: Core, restarted: (what: Restarted, mac: Mac) => void): SelfRestart {
  const asked = new Map<Mac, string>();
  let looking = false;
  let parts: RestartParts | undefined;
  return {
    async look() {
      if (looking) return;
      looking = true;
      try {
        const next = core.tracker.all().flatMap(({ migration }) => {
          const { progress, mac, wish, job, problem } = migration;
          if (migration.restart !== true || progress.at !== "waiting" || wish !== "go" || problem !== undefined)
            return [];
          const stage = `${job} ${progress.stage}`;
          if (asked.get(mac) === stage || core.tracker.turn(migration, core.now()).is === "later") return [];
          return [{ mac, stage }];
        });
        for (const { mac, stage } of next.slice(0, atOnce)) {
          parts ??= restartParts(core);
          asked.set(mac, stage);
          restarted(await restartPhone(parts, mac, false), mac);
        }
      } finally {
        looking = false;
      }
    },
  };
}
