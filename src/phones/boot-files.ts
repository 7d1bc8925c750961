/** How a rendered file is written and checked. */
export type FileFormat = "load-name" | "cnf" | "xml" | "ringlist";

/** One file that is rendered for phones of a family. */
export interface RenderedFile {
  readonly family: string;
  /** The word that the family gives to the file, e.g. `sip-default`. */
  readonly kind: string;
  /** The template's name without `.hbs`: the name that the phone asks for, with `{MAC}` where the name carries one. */
  readonly template: string;
  readonly format: FileFormat;
  readonly contentType: string;
  /** The largest file that the phone reads, in octets. */
  readonly maxOctets: number;
}

/** SIPCC's MAX_CFG_FILE_LENGTH (cisco.md §7.2, grade A). */
const CNF_OCTETS = 8192;
/** No limit is documented for the 7940/7960's XML files; a cautious one (grade D). */
const XML_OCTETS = 65_536;

const CISCO_7940: readonly RenderedFile[] = [
  { ...row("os79xx", "OS79XX.TXT", "load-name"), maxOctets: 60 },
  row("xml-default", "XMLDefault.cnf.xml", "xml"),
  row("sep-config", "SEP{MAC}.cnf.xml", "xml"),
  row("sip-default", "SIPDefault.cnf", "cnf"),
  row("sip-config", "SIP{MAC}.cnf", "cnf"),
  row("dialplan", "dialplan.xml", "xml"),
  row("ringlist", "RINGLIST.DAT", "ringlist"),
  // SIPCC's syncinfo buffer (cisco.md §7.2).
  { ...row("syncinfo", "syncinfo.xml", "xml"), maxOctets: 4096 },
];

function row(kind: string, template: string, format: FileFormat): RenderedFile {
  return {
    family: "cisco-7940",
    kind,
    template,
    format,
    // Phones refuse application/xml over HTTP (cisco.md §7.2).
    contentType: format === "xml" ? "text/xml; charset=utf-8" : "text/plain; charset=utf-8",
    maxOctets: format === "xml" ? XML_OCTETS : CNF_OCTETS,
  };
}

/** Every file that is rendered, family by family. */
export const RENDERED_FILES: readonly RenderedFile[] = CISCO_7940;
