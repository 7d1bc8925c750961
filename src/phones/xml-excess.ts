/** Beyond these no file is a phone's, and a parser would work for nothing (security.md S33). */
const LONGEST = 2 * 1_048_576;
const LONGEST_TAG = 262_144;
const DEEPEST = 60;
/** The whole of UCS 4.0 has 2,330 parameters (polycom.md §6). */
const MOST_ATTRIBUTES = 10_000;
const MOST_ELEMENTS = 50_000;

/** What makes an XML text too much to be parsed, in words; undefined when nothing does. Takes time by its length alone. */
export function xmlExcess(text: string): string | undefined {
  if (text.length > LONGEST) return `it has more than ${LONGEST} characters`;
  let depth = 0;
  let elements = 0;
  for (let at = text.indexOf("<"); at >= 0; at = text.indexOf("<", at + 1)) {
    const next = text[at + 1];
    if (next === "!" || next === "?") continue;
    const end = text.indexOf(">", at);
    if ((end < 0 ? text.length : end) - at > LONGEST_TAG) return `a tag has more than ${LONGEST_TAG} characters`;
    if (++elements > 2 * MOST_ELEMENTS) return `there are more than ${MOST_ELEMENTS} elements`;
    if (next === "/") depth--;
    else if (text[end - 1] !== "/" && ++depth > DEEPEST) return `elements are nested deeper than ${DEEPEST}`;
    if (end < 0) break;
  }
  return attributesIn(text) > MOST_ATTRIBUTES ? `there are more than ${MOST_ATTRIBUTES} attributes` : undefined;
}

function attributesIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf("="); at >= 0 && count <= MOST_ATTRIBUTES; at = text.indexOf("=", at + 1)) {
    if (text[at + 1] === '"' || text[at + 1] === "'") count++;
  }
  return count;
}
