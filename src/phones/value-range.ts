import { parseIpv4 } from "../wire/address.ts";
import { type Repertoire, stranger } from "./characters.ts";

/** What a value may be. Lengths count characters. */
export type ValueRange =
  | { readonly is: "number"; readonly least: number; readonly most: number }
  | { readonly is: "words"; readonly words: readonly string[] }
  | { readonly is: "text"; readonly longest: number; readonly repertoire: Repertoire }
  /** An address or a host name. */
  | { readonly is: "host" }
  /** A load name without extension. */
  | { readonly is: "load" }
  /** `hour/minute` or `hour:minute`. */
  | { readonly is: "time" };

/** What is wrong with `value`, to follow the name of the field; undefined when nothing is. A secret is never repeated. */
export function rangeFault(range: ValueRange, value: string, secret = false): string | undefined {
  const told = secret || stranger(value, "plane0") !== undefined ? "the value" : `"${value.slice(0, 40)}"`;
  switch (range.is) {
    case "number":
      return /^\d{1,9}$/.test(value) && Number(value) >= range.least && Number(value) <= range.most
        ? undefined
        : `${told} is not a whole number from ${range.least} to ${range.most}`;
    case "words":
      return range.words.includes(value) ? undefined : `${told} is not one of ${range.words.join(", ")}`;
    case "text": {
      if ([...value].length > range.longest) return `the value is longer than ${range.longest} characters`;
      const odd = stranger(value, range.repertoire);
      return odd === undefined ? undefined : `the value holds ${odd}`;
    }
    case "host":
      return isHost(value) ? undefined : `${told} is not an address or host name`;
    case "load":
      return isLoadName(value) ? undefined : `${told} is not a load name (no extension, no blank)`;
    case "time":
      return /^([01]?\d|2[0-4])[/:][0-5]\d$/.test(value) ? undefined : `${told} is not a time like 02/00`;
  }
}

/** An IPv4 address or a host name of at most 50 characters (cisco.md §7.2). */
export function isHost(text: string): boolean {
  if (/^[\d.]+$/.test(text)) return parseIpv4(text) !== undefined;
  return (
    text.length <= 50 &&
    /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*$/.test(text)
  );
}

/** A load name as a phone is told it: no extension, no blank, at most 60 characters (rule N3; SIPCC's load id). */
export function isLoadName(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._()-]{0,59}$/.test(text) && !/\.(?:bin|sbn|sb2|loads|ld|zup|sbin|txt)$/i.test(text);
}
