import type { Sign } from "../firmware/remedy.ts";
import type { Progress, Stage } from "./migration.ts";

/** What a stage makes likely before it begins. */
export function stageSigns({ from, release }: Stage): ReadonlySet<Sign> {
  if (from === undefined) return new Set(["unknown-start"]);
  const signs = new Set<Sign>();
  if (from.loader === undefined && release.loader !== undefined) signs.add("first-loader");
  if (!from.signed && release.signed) signs.add("first-signed");
  if (from.protocol !== release.protocol && from.protocol !== "none" && release.protocol !== "none")
    signs.add("other-protocol");
  return signs;
}

/** What a phone under way has just done. */
export interface Recent {
  readonly progress: Progress;
  /** Whether anything was heard of it since its stage began. */
  readonly heard: boolean;
  /** Seconds since it was last heard, a minute or more. */
  readonly silentSeconds?: number | undefined;
  readonly stalled: boolean;
}

/**
 * Whether a phone that was given images has read its configuration since, which named it the stage's load, and asked for
 * no image: it runs an application, and writes nothing.
 */
export function isBack({ release }: Stage, progress: Progress): boolean {
  if (progress.at !== "restarting") return false;
  const last = progress.trail.findLastIndex(({ file }) => file !== undefined);
  return progress.trail.slice(last + 1).some(({ did, load }) => did === "took" && load === release.load);
}

/** What makes one cause likelier than another for this phone, in this stage, now. */
export function phoneSigns(stage: Stage, { progress, heard, silentSeconds, stalled }: Recent): ReadonlySet<Sign> {
  const signs = new Set(stageSigns(stage));
  if (stalled) signs.add("stalled");
  if (silentSeconds !== undefined) signs.add("silent");
  if (progress.at === "waiting") signs.add(heard ? "configuration-read" : "nothing-heard");
  if (progress.at !== "loading" && progress.at !== "restarting") return signs;
  const role = (name: string) => stage.release.files.find((file) => file.name === name)?.role;
  const asked = progress.trail.flatMap(({ did, file }) => (did === "asked" && file !== undefined ? [file] : []));
  // A list is read at every boot, by phones that lack nothing.
  const again = asked.filter((name, at) => asked.indexOf(name) < at && role(name) !== "manifest");
  // While one part of a load is missing, a phone takes the others anew at every boot.
  const unfinished = again.some((name) => !progress.images.taken.includes(name));
  if (again.length > 0) signs.add(unfinished ? "image-unfinished" : "image-refused");
  if (progress.images.taken.some((name) => role(name) === "loader")) signs.add("loader-whole");
  const application = progress.images.taken.some((name) => role(name) !== "loader" && role(name) !== "manifest");
  if (application && !unfinished) signs.add("image-whole");
  return signs;
}
