import { type Mac, parseMac } from "../wire/address.ts";
import { modelOf } from "./families.ts";

/** What a Polycom phone says about itself in plain text. Versions are as it writes them, e.g. `4.0.15.1009`. */
export interface SaidVersions {
  /** A model id, where the text names one that we know. */
  readonly model?: string;
  readonly mac?: Mac;
  readonly application?: string;
  readonly bootRom?: string;
}

/** The product lines of our models, as their phones write them before the model (user agents in public tests and scripts). */
const productLines = ["SoundPointIP", "SoundStationIP", "VVX"];

/**
 * The model id of `SPIP_601`. Undefined for one that we do not have, and behind a product line that none of them is of,
 * a damaged one for example.
 */
export function modelOfLine(line: string, tag: string): string | undefined {
  return line === "" || productLines.includes(line) ? modelOf(tag)?.id : undefined;
}

/** Longer than any that was seen; the rest of such a header is nobody's phone. */
const longestUserAgent = 256;

/**
 * Reads the HTTP user agent of a phone that fetches its files (polycom.md §1.7): "FileTransport
 * PolycomSoundPointIP-SPIP_335-UA/4.0.13.1445 (SN:0004f249d83f) Type/Application". The version is the Updater's or
 * the application's; without a `Type/` nobody can say whose, and none is told. Undefined for any other client.
 */
export function readUserAgent(text: string): SaidVersions | undefined {
  if (text.length > longestUserAgent) return undefined;
  const found = /\bPolycom([A-Za-z]{1,24})-([A-Za-z0-9_]{1,16})-UA\/(\d{1,3}(?:\.\d{1,6}){1,4})(?![\d.])/.exec(text);
  if (found === null) return undefined;
  const [, line = "", tag = "", version = ""] = found;
  const model = modelOfLine(line, tag);
  const mac = parseMac(/\(SN:([0-9A-Fa-f]{12})\)/.exec(text)?.[1] ?? "");
  const type = /\bType\/(Application|Updater)\b/.exec(text)?.[1];
  return {
    ...(model === undefined ? {} : { model }),
    ...(mac === undefined ? {} : { mac }),
    ...(type === "Application" ? { application: version } : {}),
    ...(type === "Updater" ? { bootRom: version } : {}),
  };
}

/** How much of a log is read: the versions stand among the first lines of a boot. */
const readOctets = 65_536;

/**
 * Reads the last boot of an uploaded `-boot.log` or `-app.log`. No source has the text of these lines (grade D), so only
 * a line that names both the software and a version counts; what it says is never more than a hint.
 */
export function readPolycomLog(octets: Uint8Array): SaidVersions {
  const lines = new TextDecoder("latin1").decode(octets.subarray(-readOctets)).split("\n");
  const application = lastVersion(lines, /\bapplication\b/i, /\b(?:SIP|UCS|label|version)\b/i);
  const bootRom = lastVersion(lines, /\b(?:bootrom|updater|bootblock)\b/i, /\b(?:version|bootrom|updater)\b/i);
  return {
    ...(application === undefined ? {} : { application }),
    ...(bootRom === undefined ? {} : { bootRom }),
  };
}

function lastVersion(lines: readonly string[], about: RegExp, and: RegExp): string | undefined {
  for (const line of lines.toReversed()) {
    if (line.length > 400 || !about.test(line) || !and.test(line)) continue;
    const version = /(?<![\d.])\d{1,2}\.\d{1,2}\.\d{1,2}\.\d{3,6}(?![\d.])/.exec(line)?.[0];
    if (version !== undefined) return version;
  }
  return undefined;
}
