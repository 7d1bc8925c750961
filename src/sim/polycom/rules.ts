import type { PolycomHead } from "./images.ts";
import { imageMark, type PolycomModel } from "./models.ts";
import { olderThan } from "./version.ts";

/** What a phone does with an image whose head it has read. */
export type Judgement =
  | { readonly is: "same" }
  | { readonly is: "takes" }
  /** Left alone: the phone goes on with what it has. */
  | { readonly is: "passes"; readonly screen: string }
  /** The phone restarts and tries again, for ever, until the file or its name changes. */
  | { readonly is: "loops"; readonly screen: string }
  /** The phone is lost if it writes it. */
  | { readonly is: "breaks"; readonly why: string };

/** Whether a BootROM image is newer and can be taken from `own` (polycom.md §1.1 step 2, §4.1). */
export function judgeBootRom(model: PolycomModel, own: string, head: PolycomHead | undefined): Judgement {
  if (head?.kind !== "bootrom" || !head.parts.includes(imageMark(model))) {
    return { is: "passes", screen: "BootROM file is not for this phone" };
  }
  // It overwrites itself with a newer one only; a 3.x never returns to 2.x (`ININ`).
  if (!olderThan(own, head.version)) return { is: "same" };
  if (olderThan(own, "2.6") && !olderThan(head.version, "4.1")) {
    // "cannot go directly to 4.1.4 or 4.2.3" (Wazo, from release notes); what becomes of the phone is not told (D).
    return { is: "breaks", why: `BootROM ${own} cannot go to ${head.version} directly` };
  }
  return { is: "takes" };
}

/** Whether an application image can be installed over `running` by the BootROM or Updater `loader`. */
export function judgeApplication(
  model: PolycomModel,
  loader: string,
  running: string | undefined,
  head: PolycomHead | undefined,
): Judgement {
  if (head?.kind !== "sip" || !head.parts.includes(imageMark(model))) {
    return { is: "passes", screen: "Image is not compatible with the phone" };
  }
  if (head.version === running) return { is: "same" };
  const { version } = head;
  if (!olderThan(version, model.endsBefore)) return { is: "loops", screen: "Image is not compatible with the phone" };
  if (!olderThan(loader, "3.0") && olderThan(version, "1.5")) {
    return { is: "loops", screen: "Application is not signed" };
  }
  if (!olderThan(version, "3.1.6") && olderThan(loader, model.leastBootRom)) {
    return { is: "loops", screen: `BootROM ${model.leastBootRom} or later is needed` };
  }
  if (model.upgrader !== undefined && !olderThan(version, "4.0") && olderThan(loader, model.upgrader)) {
    // The phone that hangs on sip_401b.ld (polycom.md §4.3).
    return { is: "loops", screen: "Updating..." };
  }
  if (model.upgrader !== undefined && olderThan(version, "4.0") && !olderThan(loader, "5.0")) {
    return { is: "loops", screen: "A downgrader is needed" };
  }
  if (model.tag.startsWith("VVX") && !olderThan(version, "5.8") && olderThan(loader, "5.9.3")) {
    // Updaters before 5.9.3 know the old container only; 5.7.3 brings one that knows both (`VVX2`).
    return { is: "loops", screen: "Container format is not supported" };
  }
  return { is: "takes" };
}
