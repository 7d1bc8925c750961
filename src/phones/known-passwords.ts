/** What vendors print in their manuals (security.md S25): Polycom, Cisco, and what phone systems hand out. */
const VENDOR_PASSWORDS: ReadonlySet<string> = new Set(
  "456 123 1234 12345 123456 0000 cisco admin polycom plcmspip password default secret changeme".split(" "),
);

/** Whether everybody knows the password; an empty one is none. */
export function isVendorPassword(password: string): boolean {
  return VENDOR_PASSWORDS.has(password.toLowerCase());
}

/** Whether whoever knows the line knows its password: a vendor's default, or the line's own number or name. */
export function isGuessed(password: string, names: readonly (string | undefined)[]): boolean {
  return password !== "" && (isVendorPassword(password) || names.includes(password));
}
