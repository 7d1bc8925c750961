import { textOf } from "./octets.ts";

/**
 * The values of a `.cnf` file, by key in lower case: `name : value ; comment`, quotes optional, `#` lines are comments
 * (cisco.md §7.3). A line that is neither is left out, as the phones report parse errors and go on (W310, W320).
 */
export function readCnf(octets: Uint8Array): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of textOf(octets).split(/\r?\n/)) {
    const found = /^\s*(\w+)\s*:\s*(?:"([^"]*)"|([^";]*))/.exec(line);
    const key = found?.[1];
    if (key !== undefined && !line.trimStart().startsWith("#")) {
      values.set(key.toLowerCase(), (found?.[2] ?? found?.[3] ?? "").trim());
    }
  }
  return values;
}

/** What an XML configuration names; `malformed` when the phone's parser would stop. */
export type XmlConfig =
  | { readonly is: "read"; readonly texts: ReadonlyMap<string, string> }
  | { readonly is: "malformed" };

/**
 * Reads the text of every element by its name; the first of a name counts. Checks that elements close in order and that
 * attributes stand in straight quotes: published samples with typographic ones fail here as on a phone (cisco.md §7.1).
 */
export function readXmlConfig(octets: Uint8Array): XmlConfig {
  const source = textOf(octets).replace(/<!--.*?-->/gs, "");
  const texts = new Map<string, string>();
  const open: { name: string; from: number }[] = [];
  let end = 0;
  let roots = 0;
  for (const tag of source.matchAll(/<([?!/]?)([\w:.-]*)([^<>]*)>/g)) {
    const [all, kind, name = "", rest = ""] = tag;
    if (source.slice(end, tag.index).includes("<")) return { is: "malformed" };
    end = tag.index + all.length;
    if (kind === "?" || kind === "!") continue;
    if (kind === "/") {
      const opened = open.pop();
      if (opened?.name !== name) return { is: "malformed" };
      if (!texts.has(name)) texts.set(name, decode(source.slice(opened.from, tag.index).trim()));
      continue;
    }
    if (!/^(?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))*\s*\/?$/.test(rest)) return { is: "malformed" };
    if (open.length === 0) roots += 1;
    if (rest.trimEnd().endsWith("/")) texts.set(name, texts.get(name) ?? "");
    else open.push({ name, from: end });
  }
  if (open.length > 0 || roots !== 1 || source.slice(end).includes("<")) return { is: "malformed" };
  return { is: "read", texts };
}

/** The SYNC of `syncinfo.xml` for the phone that runs `image`, or for every phone (cisco.md §9); undefined when none. */
export function syncFor(octets: Uint8Array, image: string): string | undefined {
  const entries = [...textOf(octets).matchAll(/<IMAGE\s+VERSION="([^"]*)"\s+SYNC="([^"]*)"/g)];
  const entry = entries.find(([, version]) => version === image) ?? entries.find(([, version]) => version === "*");
  return entry?.[2];
}

function decode(text: string): string {
  const entities: Record<string, string> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => entities[name] ?? "");
}
