import { remediesOf, type Sign } from "../firmware/remedy.ts";
import { type Guidance, guide } from "../migration/guide.ts";
import { phoneSigns } from "../migration/signs.ts";
import { type PhoneStatus, phoneStatus } from "../provision/status.ts";
import { type Mac, macWithColons } from "../wire/address.ts";
import type { Core } from "./core.ts";
import { failure } from "./failure.ts";

/** What `provision guide --json` prints, and what a phone's page shows. */
export interface Guided {
  readonly phone: PhoneStatus;
  readonly guidance: Guidance;
  /** What makes one cause likelier than another for this phone, now. */
  readonly signs: readonly Sign[];
}

/** How much of what a phone did is looked at. */
const evidence = 12;

/** Where a phone stands and what to do with it; undefined when it is not enrolled. */
export async function guided(core: Core, mac: Mac): Promise<Guided | undefined> {
  const phone = await phoneStatus(core, mac, evidence);
  const tracked = core.tracker.of(mac);
  if (phone === undefined || tracked === undefined) return undefined;
  const stage = tracked.stages[phone.stage - 1];
  const ends = stage === undefined ? [] : [stage.release.protocol, ...(stage.from ? [stage.from.protocol] : [])];
  const remedies = stage && remediesOf(core.known.remedies(tracked.family.id), stage.lever, ends, phone.model);
  const { progress, since } = tracked.migration;
  const [last] = await core.store.sightings(mac, 1);
  const recent = {
    progress,
    heard: last !== undefined && last.at >= since,
    silentSeconds: phone.silentSeconds,
    stalled: phone.state === "stalled",
  };
  const signs = stage === undefined ? new Set<Sign>() : phoneSigns(stage, recent);
  return { phone, guidance: guide(phone, stage, remedies ?? [], signs), signs: [...signs] };
}

/** {@link guided} for a command. Throws `E_NOT_ENROLLED`. */
export async function guideFor(core: Core, mac: Mac): Promise<Guided> {
  const found = await guided(core, mac);
  if (found !== undefined) return found;
  const remedy = "enrol it: provision migrate --mac … --to sip";
  throw failure("E_NOT_ENROLLED", 1, { where: macWithColons(mac), message: "this phone is not enrolled", remedy });
}
