import { type FileFacts, membersOf, sameName } from "../firmware/package.ts";
import type { Release } from "../firmware/release.ts";

/** A release of the manifests, with the family whose it is. */
export interface KnownRelease {
  readonly family: string;
  readonly release: Release;
}

/** A file that has been read, before anyone has said which release it belongs to. */
export interface Candidate {
  readonly facts: FileFacts;
  /** Files of one package lie together. */
  readonly group: string;
}

/** The releases that a file belongs to. `ambiguous` are those of which it may be one's, and nothing says which. */
export type Assignment =
  | { readonly kind: "assigned"; readonly to: readonly KnownRelease[] }
  | { readonly kind: "ambiguous"; readonly among: readonly KnownRelease[] }
  | { readonly kind: "unknown" };

/** Answers, by name, which releases have such a file. */
export interface ReleaseNames {
  ownersOf(name: string): readonly KnownRelease[];
  /** The one spelling that the manifests use for this name in any letter case; undefined for a name they do not have. */
  spellingOf(name: string): string | undefined;
}

/** Looks the names of all releases up once. */
export function releaseNames(known: readonly KnownRelease[]): ReleaseNames {
  const owners = new Map<string, KnownRelease[]>();
  const spellings = new Map<string, Set<string>>();
  for (const one of known) {
    for (const { name } of one.release.files) {
      owners.set(name, [...(owners.get(name) ?? []), one]);
      const folded = name.toLowerCase();
      spellings.set(folded, (spellings.get(folded) ?? new Set()).add(name));
    }
  }
  return {
    ownersOf: (name) => owners.get(name) ?? [],
    spellingOf(name) {
      if (owners.has(name)) return name;
      const [only, ...more] = spellings.get(name.toLowerCase()) ?? [];
      return more.length === 0 ? only : undefined;
    },
  };
}

/**
 * Says for each candidate which releases it belongs to. A name that one release has belongs to it. A name that several
 * have (`term41.default.loads` comes with every release of its phones) belongs to those whose files it lists, else to
 * those of which a file that no other release has lies in the same group, else to the load `as`, where the admin names
 * one: Polycom's images have the same name in every release (polycom.md §1.4). What a `.loads` lists and no manifest names
 * belongs where that `.loads` belongs.
 */
export function assign(
  candidates: readonly Candidate[],
  names: ReleaseNames,
  as?: string,
): ReadonlyMap<Candidate, Assignment> {
  const groups = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    groups.set(candidate.group, [...(groups.get(candidate.group) ?? []), candidate]);
  }
  const assigned = new Map<Candidate, Assignment>();
  for (const group of groups.values()) {
    const present = new Set(
      group.flatMap(({ facts }) => {
        const owners = names.ownersOf(facts.name);
        return owners.length === 1 ? owners : [];
      }),
    );
    for (const candidate of group) {
      const owners = names.ownersOf(candidate.facts.name);
      if (owners.length > 0) assigned.set(candidate, amongOwners(candidate, owners, present, as));
    }
    for (const candidate of group) {
      if (!assigned.has(candidate)) assigned.set(candidate, asMember(candidate, group, assigned));
    }
  }
  return assigned;
}

function amongOwners(
  { facts }: Candidate,
  owners: readonly KnownRelease[],
  present: ReadonlySet<KnownRelease>,
  as: string | undefined,
): Assignment {
  if (owners.length === 1) return { kind: "assigned", to: owners };
  const members = membersOf(facts);
  const listing = owners.filter(({ release }) => {
    const own = new Set(release.files.map((file) => file.name));
    return members.length > 0 && members.some((name) => own.has(name)) && members.every((name) => own.has(name));
  });
  if (listing.length > 0) return { kind: "assigned", to: listing };
  const here = owners.filter((owner) => present.has(owner));
  if (here.length > 0) return { kind: "assigned", to: here };
  const named = owners.filter(({ release }) => release.load === as);
  return named.length > 0 ? { kind: "assigned", to: named } : { kind: "ambiguous", among: owners };
}

function asMember(
  candidate: Candidate,
  group: readonly Candidate[],
  assigned: ReadonlyMap<Candidate, Assignment>,
): Assignment {
  const to = new Set<KnownRelease>();
  for (const other of group) {
    const known = assigned.get(other);
    if (known?.kind !== "assigned" || !lists(other, candidate)) continue;
    for (const one of known.to) to.add(one);
  }
  return to.size > 0 ? { kind: "assigned", to: [...to] } : { kind: "unknown" };
}

function lists(list: Candidate, part: Candidate): boolean {
  return membersOf(list.facts).some((name) => sameName(name, part.facts.name));
}
