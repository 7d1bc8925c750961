import { XMLParser } from "fast-xml-parser";
import { type Mac, parseMac } from "../wire/address.ts";
import { modelOf } from "./families.ts";

/** What a phone's own web page says (cisco.md §3, grade B). */
export interface DeviceInformation {
  readonly mac: Mac;
  /** In the phone's own spelling; printable ASCII. */
  readonly named?: string;
  /** A model id, where a family has that spelling. */
  readonly model?: string;
  readonly load?: string;
}

export type ReadDevice = DeviceInformation | { readonly refused: string };

const longest = 65_536;

/**
 * Reads `DeviceInformationX`. Refuses a document type (and so every entity of its own), anything that is too large,
 * and what names no MAC.
 */
export function readDeviceInformation(text: string): ReadDevice {
  if (text.length > longest) return { refused: `it is longer than ${longest} characters` };
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) return { refused: "it has a document type" };
  if ((text.match(/</g)?.length ?? 0) > 2_000) return { refused: "it has too many elements" };
  let root: unknown;
  try {
    root = new XMLParser({ ignoreAttributes: true, parseTagValue: false, processEntities: false }).parse(text);
  } catch {
    return { refused: "it is no well-formed XML" };
  }
  const fields = record(record(root)?.DeviceInformation);
  const mac = parseMac(word(fields?.MACAddress) ?? "");
  if (fields === undefined || mac === undefined) return { refused: "it has no DeviceInformation with a MACAddress" };
  const named = word(fields.modelNumber);
  const model = named === undefined ? undefined : modelOf(named)?.id;
  const load = word(fields.appLoadID);
  return {
    mac,
    ...(named === undefined ? {} : { named }),
    ...(model === undefined ? {} : { model }),
    ...(load === undefined ? {} : { load: load.replace(/\.loads$/i, "") }),
  };
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
}

function word(value: unknown): string | undefined {
  return typeof value === "string" && /^[\x20-\x7e]{1,80}$/.test(value.trim()) ? value.trim() : undefined;
}
