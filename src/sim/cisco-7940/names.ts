import { codeOf, type Identity7940 } from "./flash.ts";

/** The text of a status line for a configuration that is not well-formed (cisco.md §7.2). */
export const XML_ERROR = "XML Error [4]: Parse Error";

/** The MAC as 7940 and 7960 write it in file names: upper case (rule N11). */
export function macOf(identity: Identity7940): string {
  return identity.mac.toUpperCase();
}

/** `SEP<MAC>.cnf.xml`. */
export function sepName(identity: Identity7940): string {
  return `SEP${macOf(identity)}.cnf.xml`;
}

/** `XMLDefault.cnf.xml`, in the spelling this phone uses (cisco.md §2.1, case quirks). */
export function xmlDefaultName(identity: Identity7940): string {
  return identity.habits.shoutsXmlDefault ? "xmlDefault.CNF.XML" : "XMLDefault.cnf.xml";
}

/** The load that an XML configuration names for this phone: `loadInformation` in its own, `loadInformation<N>` else. */
export function namedIn(identity: Identity7940, texts: ReadonlyMap<string, string>): string | undefined {
  const named = texts.get("loadInformation") ?? texts.get(`loadInformation${codeOf(identity)}`);
  // An empty element keeps the load (cisco.md §7.2, grade D).
  return named === "" ? undefined : named;
}

/** Whether a SIP configuration names a line; without one the phone is "Unprovisioned" (cisco.md §8). */
export function lineProvisioned(values: ReadonlyMap<string, string>): boolean {
  for (let line = 1; line <= 6; line++) {
    const name = values.get(`line${line}_name`) ?? "";
    if (name !== "" && name.toUpperCase() !== "UNPROVISIONED") return true;
  }
  return false;
}
