import { parseMac } from "../wire/address.ts";
import type { WrittenFile } from "./family.ts";

/**
 * What a Polycom phone may write by TFTP: its two logs, which are added to because TFTP cannot append and each upload
 * brings only what is new, its overrides, its directory and its call lists
 * (polycom.md §1.6); undefined for every other name. Folders before the name are the phone's own settings
 * (LOG_FILE_DIRECTORY and its like) and do not count; names are kept in lower case, as the phones read them (§1.5).
 */
export function polycomWrites(filename: string): WrittenFile | undefined {
  const name = filename.slice(filename.lastIndexOf("/") + 1).toLowerCase();
  const match =
    /^([0-9a-f]{12})-(boot\.log|app\.log|appflash\.log|phone\.cfg|web\.cfg|directory\.xml|calls\.xml)$/.exec(name);
  const mac = parseMac(match?.[1] ?? "");
  // 000000000000-directory.xml is the site's own seed for every phone.
  if (mac === undefined || mac === "000000000000") return undefined;
  return { mac, name, existing: name.endsWith(".log") ? "append" : "replace" };
}
