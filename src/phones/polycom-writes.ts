import { type Mac, parseMac } from "../wire/address.ts";

/** A file that a phone writes, under the one name that it is kept by. */
export interface WrittenFile {
  readonly mac: Mac;
  readonly name: string;
  /**
   * A log is added to the one before: TFTP cannot append, so each upload brings only what is new (polycom.md §1.6).
   * Everything else is written whole.
   */
  readonly existing: "append" | "replace";
}

/**
 * What a Polycom phone may write by TFTP: its two logs, its overrides, its directory and its call lists
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
