/** How a rendered file is written and checked. */
export type FileFormat = "load-name" | "cnf" | "xml" | "ringlist" | "ata-text" | "ata" | "ata-extended";

/** One file that is rendered for phones of a family. */
export interface RenderedFile {
  /** The folder of its template. */
  readonly folder: string;
  /** The word that the family gives to the file, e.g. `sip-default`. */
  readonly kind: string;
  /**
   * The template's name without `.hbs`: the name that the phone asks for, with `{MAC}` or `{mac}` where the name carries
   * one. `{profile}` stands for `gk`, `ld`, `ff` or `ata`; the text and the compiled form come from one template.
   */
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
/** What a Java phone asks its TFTP client for at most, seen for dial plans and soft keys (cisco.md §8, grade A). */
const JAVA_OCTETS = 550_001;

/** Of the text; what a phone reads of the compiled profile is checked when it is compiled. */
const PROFILE_OCTETS = 65_536;
/** No limit is documented; the vendor's own files reach some hundred kilobytes (grade D). */
const POLYCOM_OCTETS = 262_144;

/** Every file that is rendered, folder by folder. */
export const RENDERED_FILES: readonly RenderedFile[] = [
  row("cisco-7940", "os79xx", "OS79XX.TXT", "load-name", 60),
  row("cisco-7940", "xml-default", "XMLDefault.cnf.xml", "xml", XML_OCTETS),
  row("cisco-7940", "sep-config", "SEP{MAC}.cnf.xml", "xml", XML_OCTETS),
  row("cisco-7940", "sip-default", "SIPDefault.cnf", "cnf", CNF_OCTETS),
  row("cisco-7940", "sip-config", "SIP{MAC}.cnf", "cnf", CNF_OCTETS),
  row("cisco-7940", "dialplan", "dialplan.xml", "xml", XML_OCTETS),
  row("cisco-7940", "ringlist", "RINGLIST.DAT", "ringlist", CNF_OCTETS),
  row("cisco-7940", "sccp-ringlist", "RINGLIST.XML", "xml", XML_OCTETS),
  row("cisco-7940", "sccp-distinctive-ringlist", "DISTINCTIVERINGLIST.XML", "xml", XML_OCTETS),
  // SIPCC's syncinfo buffer (cisco.md §7.2).
  row("cisco-7940", "syncinfo", "syncinfo.xml", "xml", 4096),

  row("cisco-java", "sep-config", "SEP{MAC}.cnf.xml", "xml", JAVA_OCTETS),
  row("cisco-java", "xml-default", "XMLDefault.cnf.xml", "xml", JAVA_OCTETS),
  row("cisco-java", "dialplan", "dialplan.xml", "xml", JAVA_OCTETS),
  row("cisco-java", "softkeys", "softkeys.xml", "xml", JAVA_OCTETS),
  row("cisco-java", "ringlist", "Ringlist.xml", "xml", JAVA_OCTETS),
  row("cisco-java", "distinctive-ringlist", "DistinctiveRingList.xml", "xml", JAVA_OCTETS),

  row("cisco-ata", "ata-profile", "{profile}{mac}", "ata", PROFILE_OCTETS),
  row("cisco-ata", "ata-extended", "{profile}{mac}", "ata-extended", PROFILE_OCTETS),
  row("cisco-ata", "ata-text", "{profile}{mac}", "ata-text", PROFILE_OCTETS),
  row("cisco-ata", "ata-default", "{profile}default", "ata", PROFILE_OCTETS),
  row("cisco-ata", "ata-default-text", "{profile}default", "ata-text", PROFILE_OCTETS),
  row("cisco-ata", "sep-config", "SEP{mac}.cnf.xml", "xml", XML_OCTETS),
  row("cisco-ata", "xml-default", "XMLDefault.cnf.xml", "xml", XML_OCTETS),

  row("polycom", "master", "{mac}.cfg", "xml", POLYCOM_OCTETS),
  row("polycom", "master-default", "000000000000.cfg", "xml", POLYCOM_OCTETS),
  row("polycom", "phone-config", "{mac}-extension.cfg", "xml", POLYCOM_OCTETS),
  row("polycom", "site-config", "site.cfg", "xml", POLYCOM_OCTETS),
  row("polycom", "directory", "{mac}-directory.xml", "xml", POLYCOM_OCTETS),
];

/** Families whose phones read the same files as those of another folder. */
const FOLDERS: Readonly<Record<string, string>> = { "cisco-69xx": "cisco-java", "cisco-894x": "cisco-java" };

/** The folder of templates that a family's phones are served from. */
export function templateFolder(family: string): string {
  return FOLDERS[family] ?? family;
}

function row(folder: string, kind: string, template: string, format: FileFormat, maxOctets: number): RenderedFile {
  // Phones refuse application/xml over HTTP (cisco.md §7.2).
  const text = format === "xml" ? "text/xml; charset=utf-8" : "text/plain; charset=utf-8";
  const contentType = format === "ata" || format === "ata-extended" ? "application/octet-stream" : text;
  return { folder, kind, template, format, contentType, maxOctets };
}
