/** A requested name as the desk gets it, or why no desk hears of it. `because` is for the log, never for the wire. */
export type NormalName =
  | { readonly is: "name"; readonly name: string }
  | { readonly is: "refused"; readonly because: string };

/** Longer names are refused; no phone asks for one, and no file system here stores one. */
const LONGEST = 255;

/**
 * A requested name without the prefixes that phones put before it, in any number: `/`, `./`, `\`, `.\` (cisco.md §2.1:
 * `tftp_cfg_dir` is pasted before the name). `//` and `/./` inside a name count as `/`. `filename` holds one character
 * per octet, as the codec gives it; the octets are read as UTF-8.
 * Refused are the spellings that name something outside a folder or mean another name on some system: `..` and longer
 * runs of dots as a segment, `\` inside the name, drives, streams, DOS devices, a trailing dot, blank or slash,
 * control characters, octets that are no UTF-8, and more than 255 octets. `%2e` is three characters and nothing else.
 */
export function normalizeName(filename: string): NormalName {
  if (filename.length > LONGEST) return refused(`the name has ${filename.length} octets`);
  const text = fromUtf8(filename);
  if (text === undefined) return refused("the name is not UTF-8");
  if (hasControl(text)) return refused("the name has control characters");
  if (text.startsWith("\\\\")) return refused("the name begins with a host");
  const segments = withoutPrefix(text).split("/");
  const last = segments.at(-1);
  if (last === "" || last === ".") return refused("the name ends in a folder");
  const kept = segments.filter((segment) => segment !== "" && segment !== ".");
  for (const segment of kept) {
    const because = objection(segment);
    if (because !== undefined) return refused(because);
  }
  return { is: "name", name: kept.join("/") };
}

function objection(segment: string): string | undefined {
  if (/^\.{2,}$/.test(segment)) return "the name climbs out of its folder";
  if (segment.includes("\\")) return "the name has a backslash inside";
  if (segment.includes(":")) return "the name has a drive or a stream";
  if (segment.endsWith(".") || segment.endsWith(" ")) return "a part of the name ends in a dot or a blank";
  if (/^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i.test(segment)) return "the name is that of a DOS device";
  return undefined;
}

function withoutPrefix(text: string): string {
  let at = 0;
  for (;;) {
    const next = text[at] === "." ? at + 1 : at;
    if (text[next] !== "/" && text[next] !== "\\") return text.slice(at);
    at = next + 1;
  }
}

function fromUtf8(filename: string): string | undefined {
  if (isAscii(filename)) return filename;
  const octets = Uint8Array.from({ length: filename.length }, (_, i) => filename.charCodeAt(i));
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(octets);
  } catch {
    return undefined;
  }
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false;
  return true;
}

function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 32 || (code >= 127 && code < 160)) return true;
  }
  return false;
}

function refused(because: string): NormalName {
  return { is: "refused", because };
}
