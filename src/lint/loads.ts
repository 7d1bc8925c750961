import { type Findings, type Place, quoted } from "./finding.ts";

/** A load that a configuration names, for the comparison with the files that are there. */
export interface NamedLoad {
  readonly file: string;
  readonly line: Place;
  readonly load: string;
  /** Where it stands, e.g. `image_version`. */
  readonly by: string;
}

const EXTENSION = /\.(?:bin|sbn|sb2|loads?|zup|sbin|sgn|txt)$/i;
/** The last SIP release has one zero fewer than its neighbours; documents write it with two (cisco.md §4.2). */
const MISSPELT: Readonly<Record<string, string>> = {
  "P0S3-08-12-00": "P0S3-8-12-00",
  "P003-08-12-00": "P003-8-12-00",
  "P0S3-07-04-00": "P0S3-07-4-00",
  "P003-07-04-00": "P003-07-4-00",
};

/** The name as the phone needs it: a digit zero, no extension, the spelling that exists. */
export function rightLoadName(load: string): string {
  const bare = load.replace(/^PO(?=[0SM]3)/i, "P0").replace(EXTENSION, "");
  return MISSPELT[bare] ?? bare;
}

/** Checks a load's name; returns the name as it should be, for the comparison with files. */
export function checkLoadName(findings: Findings, { file, line, load, by }: NamedLoad): string {
  let right = load;
  if (/^PO[0SM]3/i.test(right)) {
    right = `P0${right.slice(2)}`;
    findings.add(
      file,
      "letter-o",
      `${by} names ${quoted(load)} with a letter O`,
      `Write ${right}, with a digit zero.`,
      line,
    );
  }
  if (EXTENSION.test(right)) {
    right = right.replace(EXTENSION, "");
    findings.add(file, "load-extension", `${by} names ${quoted(load)} with its extension`, `Write ${right}.`, line);
  }
  const spelling = MISSPELT[right];
  if (spelling !== undefined) {
    findings.add(file, "load-misspelt", `${by} names ${right}, a spelling from documents`, `Write ${spelling}.`, line);
    right = spelling;
  }
  return right;
}
