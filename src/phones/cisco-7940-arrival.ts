import type { Release } from "../firmware/release.ts";
import type { Images, Trace } from "./family.ts";

/** Whether a 7940/7960 has shown that it runs `release`, by the order of what it asks for (cisco.md §2.1, §2.4). */
export function cisco7940Arrived(
  whole: readonly Trace[],
  images: Images,
  release: Release,
  from: Release | undefined,
): boolean {
  const application = release.files.filter((f) => f.role === "application").map((f) => f.name);
  if (!application.some((name) => images.asked.includes(name))) return false;
  const trail = sinceLastImage(whole, release);
  const taken = application.some((name) => images.taken.includes(name));
  if (release.loader !== undefined) {
    const fresh = taken && noOtherOf(release, from);
    return release.protocol === "SIP" ? universalSip(trail, release, fresh) : universalSccp(trail, release, fresh);
  }
  return release.protocol === "SIP" ? classicSip(trail, release) : classicSccp(trail, taken, release);
}

/** Whoever asks for a loader or an application does not run it yet; asking for the list of a load proves neither. */
function sinceLastImage(trail: readonly Trace[], release: Release): readonly Trace[] {
  const installs = release.files.filter((f) => f.role !== "manifest").map((f) => f.name);
  return trail.slice(trail.findLastIndex((step) => step.file !== undefined && installs.includes(step.file)) + 1);
}

/** Told its load after a boot, a SIP image that runs another goes to fetch it; only one that runs it goes on to its rings. */
function classicSip(trail: readonly Trace[], release: Release): boolean {
  return inOrder(trail, asked("os79xx"), tookSip(release), settledSip);
}

/**
 * An SCCP image asks for nothing more once it is content, unless a locale or a ring list is named to it. So boots in
 * which it is told its load and asks for no image are the proof. A phone that lost power between reading its
 * configuration and asking for the image would look the same for one boot: one is enough only where the image is known
 * to have arrived whole, which a last ACK that got lost leaves open.
 */
function classicSccp(trail: readonly Trace[], taken: boolean, release: Release): boolean {
  const told = tookAny(["xml-default", "sep-config", "sep-binary"], release);
  if (inOrder(trail, asked("os79xx"), told, settledSccp)) return true;
  const quietBoot = [told, took("os79xx")];
  return inOrder(trail, asked("os79xx"), ...quietBoot, ...(taken ? [] : quietBoot));
}

/**
 * Whether no application of the protocol can be on the phone but the one it has just taken: it came from the other
 * protocol, or its loader is new. Else an old application may go on after a loader that failed (W710).
 */
function noOtherOf(release: Release, from: Release | undefined): boolean {
  return from !== undefined && (from.protocol !== release.protocol || from.loader === undefined);
}

/**
 * The loader reads the list of the load at every boot; a SIP application then reads its files and goes on. A fresh
 * application is started at once, without the loader (cisco.md §2.4, step 4).
 */
function universalSip(trail: readonly Trace[], release: Release, fresh: boolean): boolean {
  if (fresh && inOrder(trail, tookSip(release), settledSip)) return true;
  return inOrder(trail, asked("ctl"), listOf(release), tookSip(release), settledSip);
}

/**
 * Loader and SCCP application both begin with CTLSEP, SEP, XMLDefault; the loader alone asks for SIP<MAC>.cnf and
 * MGC<MAC>.cnf in between. After the loader was content with its list, or was passed over for a fresh application, the
 * order without them is the application.
 */
function universalSccp(trail: readonly Trace[], release: Release, fresh: boolean): boolean {
  const list = trail.findIndex(listOf(release));
  if (list < 0 && !fresh) return false;
  const after = trail.slice(list + 1);
  if (after.some(settledSccp)) return true;
  const told = tookAny(["xml-default", "sep-config"], release);
  return after.some((step, i) => {
    if (!told(step)) return false;
    const begun = after.findLastIndex((earlier, j) => j < i && asked("ctl")(earlier));
    return begun >= 0 && !after.slice(begun, i).some((s) => s.kind === "sip-config" || s.kind === "mgcp-config");
  });
}

type Fits = (step: Trace) => boolean;

function inOrder(trail: readonly Trace[], ...facts: readonly Fits[]): boolean {
  let next = 0;
  for (const step of trail) if (facts[next]?.(step)) next++;
  return next === facts.length;
}

function asked(kind: string): Fits {
  return (step) => step.did === "asked" && step.kind === kind;
}

function took(kind: string): Fits {
  return (step) => step.did === "took" && step.kind === kind;
}

function tookAny(kinds: readonly string[], release: Release): Fits {
  return (step) => step.did === "took" && kinds.includes(step.kind) && step.load === release.load;
}

function tookSip(release: Release): Fits {
  return tookAny(["sip-default", "sip-config"], release);
}

function listOf(release: Release): Fits {
  const lists = release.files.filter((f) => f.role === "manifest").map((f) => f.name);
  return (step) => step.kind === "image" && step.file !== undefined && lists.includes(step.file);
}

const settledSccp: Fits = (step) =>
  step.did === "asked" && ["sccp-resource", "sccp-ringlist", "sccp-distinctive-ringlist"].includes(step.kind);

const settledSip: Fits = (step) => step.did === "asked" && ["ringlist", "dialplan", "syncinfo"].includes(step.kind);
