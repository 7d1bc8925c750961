import { type Image, membersOf, readImage } from "../images.ts";
import { checksSignatures, type Flash7940, type Habits } from "./flash.ts";
import { before, isLoader, type Load, readLoad, readsXml } from "./loads.ts";

/** What happens when a phone has a file whole and is to use it. */
export type Verdict =
  | { readonly is: "takes" }
  | { readonly is: "refuses"; readonly screen: string }
  /** It is written, and the phone is the worse for it: for ever, or left with a loader that starts nothing. */
  | { readonly is: "breaks"; readonly leaves: "nothing" | "useless-loader"; readonly why: string };

const TAKES: Verdict = { is: "takes" };
const LOAD_REJECTED: Verdict = { is: "refuses", screen: "Load Rejected HC" };

/**
 * Whether the phone runs `octets`, which it asked for as `file`, from the state that `flash` is in. First what the file
 * is, then whether this phone, with its habits, can go there from where it is.
 */
export function judgeImage(
  flash: Flash7940,
  file: string,
  octets: Uint8Array,
  habits: Pick<Habits, "livesThroughB">,
): Verdict {
  const image = readImage(octets);
  const verdict = checksSignatures(flash) ? judgeSigned(file, image) : judgeUnsigned(octets, image);
  if (verdict.is !== "takes") return verdict;
  if (flash.loader !== undefined) return TAKES;
  const old = readLoad(flash.application ?? "");
  const next = readLoad(stemOf(file));
  if (old === undefined || next === undefined) return LOAD_REJECTED;
  return habits.livesThroughB && isB(old, next) ? TAKES : judgeHop(old, next);
}

/** The members of a `.loads` file, or why the loader refuses it. */
export function judgeLoads(
  file: string,
  octets: Uint8Array,
): { readonly is: "takes"; readonly members: readonly string[] } | Extract<Verdict, { is: "refuses" }> {
  const image = readImage(octets);
  const verdict = judgeSigned(file, image);
  if (verdict.is === "refuses") return verdict;
  const members = image.is === "signed" ? membersOf(image.body) : [];
  const foreign = members.find((member) => readLoad(stemOf(member)) === undefined);
  if (foreign !== undefined) return { is: "refuses", screen: "Load Rejected HC" };
  return { is: "takes", members };
}

/** The name without its extension. */
export function stemOf(file: string): string {
  return file.replace(/\.\w+$/, "");
}

/**
 * A phone on a signed load takes signed files only (R3), each under the name in its header (S11), whole (cisco.md §4.4),
 * and for its own hardware ("Load Rejected HC", cisco.md §8).
 */
function judgeSigned(file: string, image: Image): Exclude<Verdict, { is: "breaks" }> {
  if (image.is !== "signed" || image.name !== file || !image.sound) {
    return { is: "refuses", screen: "Image Authentication Failed" };
  }
  return readLoad(stemOf(image.name)) === undefined ? { is: "refuses", screen: "Load Rejected HC" } : { is: "takes" };
}

/**
 * A phone on an unsigned load has no means to tell a good file from a bad one. No source says that it checks a sum, so
 * the witness lets it hurt (grade D). A signed file under the name of a `.bin` is as foreign to it as any other octets.
 */
function judgeUnsigned(octets: Uint8Array, image: Image): Verdict {
  if (octets.length === 0) return LOAD_REJECTED;
  if (image.is !== "unsigned" || !image.sound) {
    return { is: "breaks", leaves: "nothing", why: "an image that was cut short, changed, or is none" };
  }
  if (readLoad(image.name) === undefined) {
    return { is: "breaks", leaves: "nothing", why: `an image of other hardware, ${image.name}` };
  }
  return TAKES;
}

/** The hops a phone without the universal loader does not survive. */
function judgeHop(old: Load, next: Load): Verdict {
  const from = old.name;
  const to = next.name;
  if (!old.signed && next.universal) {
    // R1: SIP [234].x to 7.x directly is impossible. R4, R12: SCCP goes by 5.x. What a phone shows that tried is not
    // told anywhere; the technicians' reports speak of phones that never came back (SIP), and of a loader that finds
    // nothing to start (SCCP). Grade D.
    return old.protocol === "SIP"
      ? { is: "breaks", leaves: "nothing", why: `R1: ${from} cannot go to ${to} directly` }
      : { is: "breaks", leaves: "useless-loader", why: `R4: ${from} has to go by SCCP 5.x before ${to}` };
  }
  if (old.protocol === "SIP" && before(old, 6) && next.universal) {
    return { is: "breaks", leaves: "useless-loader", why: `R1: ${from} has to go by SIP 6.x before ${to}` };
  }
  if (isSccp(old) && !readsXml(old) && isSccp(next) && next.major >= 5) {
    return { is: "breaks", leaves: "nothing", why: `R12: ${from} has to go by P00303010102 before ${to}` };
  }
  if (old.protocol === "SIP" && before(old, 4) && isSccp(next) && next.major === 5) {
    return { is: "breaks", leaves: "nothing", why: `R6: ${from} has to go by SCCP 4.x before ${to}` };
  }
  return TAKES;
}

function isB(old: Load, next: Load): boolean {
  return isSccp(old) && readsXml(old) && !old.signed && isLoader(next.name) && next.major === 7;
}

function isSccp(load: Load): boolean {
  return load.protocol === "SCCP" && !isLoader(load.name);
}
