import type { Protocol, Release, UpdateGraph } from "./release.ts";
import { newestFirst } from "./route.ts";
import { parseVersion } from "./version.ts";

/** What a person meant by `--from` or `--to`. A miss says why and what was perhaps meant. */
export type Named =
  | { readonly kind: "release"; readonly release: Release }
  | { readonly kind: "protocol"; readonly protocol: Protocol }
  | { readonly kind: "unknown" }
  | { readonly kind: "miss"; readonly reason: string; readonly suggestions: readonly string[] };

const protocols: Readonly<Record<string, Protocol>> = { SIP: "SIP", SCCP: "SCCP", MGCP: "MGCP" };

/**
 * Reads a release as a person writes it: a load (`P0S3-8-12-00`, any letter case, with or without the extension of one
 * of its files), protocol and version (`SCCP 3.1`, `sip8.12`), a protocol alone, or `unknown`. What is nearly right,
 * such as the letter O in `POS3`, is never taken for what it looks like: it is named, and the right name suggested.
 */
export function readRelease(graph: UpdateGraph, text: string): Named {
  const wanted = text.trim();
  if (/^unknown$/i.test(wanted)) return { kind: "unknown" };
  const alone = protocols[wanted.toUpperCase()];
  if (alone !== undefined) return { kind: "protocol", protocol: alone };

  const releases = [...graph.releases.values()];
  const stem = wanted.replace(/\.(?:loads|bin|sbn|sb2|sbin|zup|ld)$/i, "");
  const load = graph.releases.get(stem) ?? releases.find((r) => r.load.toUpperCase() === stem.toUpperCase());
  if (load !== undefined) return { kind: "release", release: load };

  const spoken = /^(sip|sccp|mgcp)[\s_-]*v?(\d.*)$/i.exec(wanted);
  if (spoken !== null) {
    return byVersion(releases, protocols[(spoken[1] ?? "").toUpperCase()] ?? "none", spoken[2] ?? "");
  }
  const bare = parseVersion(wanted) === undefined ? [] : releases.filter((r) => sameVersion(r.version, wanted));
  const only = bare[0];
  if (only !== undefined && bare.length === 1) return { kind: "release", release: only };
  return misspelled(graph.family, releases, stem, bare);
}

function byVersion(releases: readonly Release[], protocol: Protocol, version: string): Named {
  const ofProtocol = releases.filter((release) => release.protocol === protocol);
  const exact = ofProtocol.filter((release) => sameVersion(release.version, version));
  const near = exact.length > 0 ? exact : ofProtocol.filter((release) => beginsWith(release.version, version));
  const current = near.filter((release) => release.withdrawn === undefined);
  const found = current.length === 1 ? current[0] : near.length === 1 ? near[0] : undefined;
  if (found !== undefined) return { kind: "release", release: found };
  const wanted = `${protocol} ${version}`;
  if (near.length > 1) {
    return { kind: "miss", reason: `\`${wanted}\` fits ${near.length} releases.`, suggestions: names(near) };
  }
  const reason = `No ${protocol} release ${version} is known.`;
  return { kind: "miss", reason, suggestions: names([...ofProtocol].sort(newestFirst).slice(0, 3)) };
}

function misspelled(family: string, releases: readonly Release[], stem: string, bare: readonly Release[]): Named {
  if (bare.length > 1) {
    return { kind: "miss", reason: `\`${stem}\` fits ${bare.length} releases.`, suggestions: names(bare) };
  }
  const sameButZeros = releases.filter((release) => plainLoad(release.load) === plainLoad(stem));
  if (sameButZeros.length > 0) {
    const letterO = /^p[o0][o0sm]3/i.test(stem) && /o/i.test(stem);
    const reason = letterO
      ? `\`${stem}\` is written with the letter O; the name has the digit zero.`
      : `\`${stem}\` has its zeros in other places than the name of the file.`;
    return { kind: "miss", reason, suggestions: names(sameButZeros) };
  }
  const close = releases
    .map((release) => ({ release, far: distance(release.load.toUpperCase(), stem.toUpperCase()) }))
    .filter(({ far }) => far <= 3)
    .sort((a, b) => a.far - b.far || (a.release.load < b.release.load ? -1 : 1))
    .slice(0, 3)
    .map(({ release }) => release);
  return { kind: "miss", reason: `No release of ${family} is called \`${stem}\`.`, suggestions: names(close) };
}

function names(releases: readonly Release[]): readonly string[] {
  return releases.map((release) => `${release.load} (${release.protocol} ${release.version})`);
}

/** Without the zeros that people put in and leave out, and with the letter O for what it was meant to be. */
function plainLoad(load: string): string {
  return load
    .toUpperCase()
    .replace(/O/g, "0")
    .replace(/-0+(?=\d)/g, "-");
}

function sameVersion(a: string, b: string): boolean {
  const left = parseVersion(a)?.parts;
  const right = parseVersion(b)?.parts;
  return left !== undefined && right !== undefined && left.length === right.length && prefixOf(right, left);
}

function beginsWith(version: string, beginning: string): boolean {
  const parts = parseVersion(version)?.parts;
  const first = parseVersion(beginning)?.parts;
  return parts !== undefined && first !== undefined && first.length <= parts.length && prefixOf(first, parts);
}

function prefixOf(first: readonly (number | string)[], parts: readonly (number | string)[]): boolean {
  return first.every((part, at) => part === parts[at]);
}

/** Edits between two names (Levenshtein); the inputs are load names, at most some dozens of characters. */
function distance(a: string, b: string): number {
  const right = b.slice(0, 64);
  let row = Array.from({ length: right.length + 1 }, (_, at) => at);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...right].entries()) {
      const swap = (row[j] ?? 0) + Number(letter !== other);
      next.push(Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, swap));
    }
    row = next;
  }
  return (row.at(-1) ?? 0) + (b.length - right.length);
}
