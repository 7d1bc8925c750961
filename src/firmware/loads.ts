/** A `.loads` file: the names that a phone fetches one after the other (cisco.md §4.4). */
export type LoadsList =
  | {
      readonly kind: "list";
      /** In the order in which they stand there, without repetition. */
      readonly members: readonly string[];
      /** `#HARDWARE_COMP_1 5|15` as `HARDWARE_COMP_1` → `5|15`, `LA_VERSION=PAS30830` as `LA_VERSION` → `PAS30830`. */
      readonly facts: ReadonlyMap<string, string>;
    }
  | { readonly kind: "damaged"; readonly why: string };

/**
 * Reads the body of a `.loads` file, that is, what follows its signed header. Lines end in LF or CRLF and may carry
 * trailing blanks, which some of the vendor's own do. Never throws.
 */
export function readLoads(body: Uint8Array): LoadsList {
  if (body.length > LONGEST) return { kind: "damaged", why: `it is longer than ${LONGEST} octets` };
  const members = new Set<string>();
  const facts = new Map<string, string>();
  for (const [at, raw] of textOf(body).split("\n").entries()) {
    const line = raw.trim();
    const fact = FACT.exec(line);
    if (fact !== null) facts.set(fact[1] ?? fact[3] ?? "", (fact[2] ?? fact[4] ?? "").trim());
    else if (MEMBER.test(line)) members.add(line);
    else if (line !== "" && !line.startsWith("#")) {
      return { kind: "damaged", why: `its line ${at + 1} is neither a file name nor a comment` };
    }
  }
  if (members.size === 0) return { kind: "damaged", why: "it names no file" };
  return { kind: "list", members: [...members], facts };
}

/** The longest real one has 654 octets (cisco.md §4.3). */
const LONGEST = 16_384;
const MEMBER = /^[A-Za-z0-9][A-Za-z0-9._()-]{0,127}$/;
const FACT = /^(?:#\s*([A-Z][A-Z0-9_]{2,39})[ \t=]+([ -~]{1,200})|([A-Z][A-Z0-9_]{2,39})=([ -~]{0,200}))$/;

/** Octets beyond ASCII stay what they are, and fail as a name. NULs at the end are padding. */
function textOf(body: Uint8Array): string {
  let end = body.length;
  while (end > 0 && body[end - 1] === 0) end--;
  let text = "";
  for (let at = 0; at < end; at++) text += String.fromCharCode(body[at] as number);
  return text;
}
