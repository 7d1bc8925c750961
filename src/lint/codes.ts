/** How bad a finding is: an error keeps a phone from working, a warning can. */
export type Severity = "error" | "warning";

/** What a finding means; docs/lint.md explains each code, and a test compares the two. */
export interface LintCode {
  readonly severity: Severity;
  /** One line for the page. */
  readonly title: string;
  /** Who says so. */
  readonly source: string;
}

/** Every code that `provision lint` can print. Codes are stable: scripts filter by them. */
export const LINT_CODES = {
  "name-case": code(
    "error",
    "A file's name differs in letter case from what phones ask for",
    "cisco.md §2.1, polycom.md §1.5",
  ),
  "name-extension": code("error", "A known name with another extension behind it", "cisco.md §2.1"),
  "name-mac": code("error", "The MAC in a file's name is not twelve hex digits", "cisco.md §2.1"),
  "twelve-zeros": code("error", "Polycom's master file has exactly twelve zeros", "polycom.md §9"),
  "letter-o": code("error", "PO with a letter O where the load has a digit zero", "rule N2, cisco.md S3"),
  "empty-file": code("error", "An empty file: phones loop on it or lose their settings", "cisco.md §2.1"),
  encoding: code("warning", "The file is not UTF-8", "cisco.md §7"),
  "too-large": code("error", "The file is larger than the phone reads", "cisco.md §7.2"),
  "os79xx-extension": code("error", "OS79XX.TXT names a load with its extension", "rule N3, cisco.md R14"),
  "os79xx-line": code(
    "error",
    "OS79XX.TXT holds more than the load: a blank, a line end or a second line",
    "rule N3, cisco.md R14",
  ),
  "os79xx-application": code(
    "warning",
    "OS79XX.TXT names the SIP application of a package that has a loader",
    "cisco.md S2",
  ),
  "os79xx-other-load": code(
    "warning",
    "OS79XX.TXT and image_version belong to different packages",
    "cisco.md §2.1, §5.1",
  ),
  "load-extension": code("error", "A load is named with its extension", "cisco.md §7.1, §7.2"),
  "load-misspelt": code("warning", "A spelling of a load that occurs in documents and on no phone", "cisco.md §4.2"),
  "load-missing": code("error", "A load is named and none of its files is there", "rule N6"),
  "load-other-model": code("error", "A model is told the load of another", "cisco.md J11, §7.1"),
  "package-incomplete": code("error", "A .loads list names a file that is not there", "rule N6"),
  "term-other-package": code(
    "warning",
    "A term file lists another package than the load the phones are told",
    "cisco.md §2.2, rule J2",
  ),
  "signed-renamed": code("error", "A signed file carries another name inside than outside", "cisco.md S11, §4.4"),
  "signed-damaged": code("error", "A signed file's header is damaged", "cisco.md §4.4"),
  "cnf-syntax": code("error", "A line of a .cnf file is not key: value", "cisco.md §7.3"),
  "cnf-unknown-key": code("warning", "A key that the phone does not know", "cisco.md §7.3"),
  "cnf-range": code("error", "A value out of the key's range", "cisco.md §7.3"),
  "cnf-duplicate": code("warning", "A key stands twice in one file", "cisco.md §7.3"),
  "polycom-key": code("error", "A Polycom parameter in a Cisco file", "polycom.md §6"),
  "no-line": code("warning", "A SIP phone without a line: it shows Unprovisioned", "cisco.md §7.2, W362"),
  "xml-malformed": code("error", "The XML is not well-formed: the phone takes nothing of it", "cisco.md §7.2"),
  "xml-doctype": code("error", "A document type or entity declaration", "security.md S33"),
  "xml-quotes": code("error", "Typographic quotation marks around an attribute", "cisco.md §7.1"),
  "xml-root": code("error", "The root element is not the one that the phone reads", "cisco.md §7"),
  "xml-unknown-element": code("warning", "An element that no phone of the family knows", "cisco.md §7.2"),
  "xml-misplaced": code("warning", "An element in a place where the phone does not look for it", "cisco.md §7.2"),
  "xml-boolean": code("warning", "A switch that is neither true nor false", "cisco.md §7.2"),
  "ports-after-node": code("error", "ports stands behind processNodeName", "cisco.md §7.2"),
  "xml-range": code("error", "A value that the element cannot have", "cisco.md §7.2"),
  "line-attributes": code(
    "error",
    "A SIP line without button, lineIndex, featureID, proxy, port or name",
    "cisco.md §7.2",
  ),
  "not-registering": code("warning", "The phone is told not to register", "cisco.md §7.2, §7.3"),
  "access-sense": code("warning", "sshAccess 0 switches SSH on", "cisco.md §7.2"),
  "locale-empty": code("warning", "A userLocale without a name: the phone asks for /mk-sip.jar", "cisco.md §7.2"),
  "dial-template": code("error", "The dial plan's name with the wrong ending", "cisco.md §7.2, §7.3"),
  "password-length": code("warning", "A password longer than some loads read", "cisco.md §7.2"),
  "model-code": code("error", "loadInformation with a number that is not the model's", "cisco.md §7.1"),
  "default-minimum": code(
    "warning",
    "XMLDefault.cnf.xml without a server: ports and processNodeName are needed",
    "cisco.md §7.1",
  ),
  "dialplan-case": code("error", "Tags and attributes of a dial plan in the wrong case", "cisco.md §7.3"),
  ringlist: code("error", "A list of rings that the phone cannot read", "cisco.md §7.2, §7.3"),
  "ata-line": code("error", "A line of a text profile cannot be compiled", "cisco.md §6.2"),
  "ata-profile": code("error", "A compiled profile is damaged, or was never compiled", "cisco.md §6.2"),
  "upgradecode-model": code(
    "error",
    "An upgradecode whose hardware and file do not belong together",
    "cisco.md S1, §6.1",
  ),
  "polycom-no-application": code(
    "warning",
    "A master file without APPLICATION: the phone never looks for firmware",
    "polycom.md §2.5",
  ),
  "polycom-attribute": code("warning", "An attribute that no Polycom master file has", "polycom.md §2.1"),
  "polycom-part-number": code(
    "warning",
    "APP_FILE_PATH with a part number, which the phone puts there itself",
    "polycom.md §1.4",
  ),
  "polycom-path": code("error", "A path with a blank or backslash, or a list too long", "polycom.md §2.1"),
  "polycom-order": code("warning", "The phone's own file stands behind a common one", "polycom.md §2.1, §9"),
  "polycom-missing": code("error", "A master file names a file that is not there", "polycom.md §4.3"),
  "polycom-device-set": code("warning", "device parameters without device.set", "polycom.md §6"),
  "polycom-range": code("error", "A parameter out of its range", "polycom.md §6"),
  "vlan-a": code("error", "VLAN-A outside its grammar", "polycom.md §5.2"),
  "mac-twice": code("error", "Two files for one phone that differ in spelling alone", "cisco.md §2.1"),
  "two-families": code("warning", "One MAC in the files of two families", "cisco.md §2, polycom.md §1"),
  "two-protocols": code("warning", "SEP and SIP files of one phone name different protocols", "rule N9, cisco.md R13"),
  "weak-password": code("warning", "A line whose password is its own number or a vendor's default", "security.md S25"),
  "default-password": code("warning", "A vendor's default password", "security.md S25"),
  unreadable: code("warning", "The file could not be read", ""),
} as const satisfies Readonly<Record<string, LintCode>>;

/** A code of the table. */
export type LintCodeName = keyof typeof LINT_CODES;

function code(severity: Severity, title: string, source: string): LintCode {
  return { severity, title, source };
}
