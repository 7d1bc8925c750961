import { textOf } from "../octets.ts";
import { olderThan } from "./version.ts";

/** What a master configuration file tells a phone (polycom.md §2). */
export interface Master {
  /** Undefined when the file has no APPLICATION with APP_FILE_PATH; empty means "load nothing". */
  readonly application: string | undefined;
  /** In order; the first occurrence of a parameter wins. */
  readonly configFiles: readonly string[];
}

/**
 * Reads a master file for the phone with `tag` and `mac`. Suffixed attributes count from SIP 3.1 on (polycom.md §2.2,
 * by the shipped files); `software` is the application's version, or the BootROM's while there is none.
 */
export function readMaster(octets: Uint8Array, tag: string, mac: string, software: string): Master {
  const source = textOf(octets).replace(/<!--.*?-->/gs, "");
  const attribute = (name: string) => new RegExp(`\\s${name}\\s*=\\s*"([^"]*)"`).exec(source)?.[1];
  const own = (name: string) =>
    (olderThan(software, "3.1") ? undefined : attribute(`${name}_${tag}`)) ?? attribute(name);
  const files = (own("CONFIG_FILES") ?? "").replaceAll("[PHONE_MAC_ADDRESS]", mac).split(",");
  return {
    application: /<APPLICATION[\s>/]/.test(source) ? own("APP_FILE_PATH") : undefined,
    configFiles: files.map((file) => file.trim()).filter((file) => file !== ""),
  };
}

/** The two names tried for an image: with the part number before the base name, and as it stands (polycom.md §1.4). */
export function imageNames(path: string, part: string | undefined): readonly string[] {
  if (part === undefined) return [path];
  return [path.replace(/[^/]*$/, (base) => `${part}.${base}`), path];
}
