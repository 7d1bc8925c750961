import type { Line } from "./phone.ts";

/** What a PBX knows of a user. */
export type Account = Partial<Pick<Line, "displayName" | "authName" | "password">>;

/** By name, what a line of that name or login needs. */
export type Accounts = Map<string, Account>;

/** Whether a file is one of Asterisk's (also `pjsip.auth.conf` and its like, as FreePBX splits them). */
export function isAsterisk(name: string): boolean {
  return /^(?:pjsip|sip)[\w.-]*\.conf$/i.test(name);
}

interface Section {
  readonly name: string;
  readonly values: ReadonlyMap<string, string>;
}

/**
 * Accounts in the files of one Asterisk: pjsip.conf (endpoints with their auth sections, in one file or several),
 * pjsip_wizard.conf, or sip.conf (`[201]` with `secret`). Templates (`[x](!)`), sections that build on them (`[201](x)`) and
 * sections that add to an earlier one (`[201](+)`) are followed; `#include` is not.
 */
export function readAccounts(texts: readonly string[]): Accounts {
  const sections = sectionsOf(texts.join("\n"));
  const auths = new Map(
    sections.filter(({ values }) => values.get("type") === "auth").map((one) => [one.name, one.values]),
  );
  const accounts: Accounts = new Map();
  for (const { name, values } of sections) {
    const type = values.get("type");
    if (type === "wizard") accounts.set(name, wizardAccount(name, values));
    const auth = type === "endpoint" ? auths.get(values.get("auth") ?? values.get("outbound_auth") ?? "") : undefined;
    const secret = values.get("secret") ?? values.get("remotesecret");
    const password = auth?.get("password") ?? secret;
    if (type !== "endpoint" && secret === undefined) continue;
    const login = auth?.get("username") ?? values.get("defaultuser") ?? values.get("username");
    const displayName = nameIn(values.get("callerid"));
    accounts.set(name, {
      ...(displayName === undefined ? {} : { displayName }),
      ...(login === undefined || login === name ? {} : { authName: login }),
      ...(password === undefined ? {} : { password }),
    });
  }
  return accounts;
}

/** `type=wizard` names the parts of other sections (`inbound_auth/password`). */
function wizardAccount(name: string, values: ReadonlyMap<string, string>): Account {
  const login = values.get("inbound_auth/username");
  const password = values.get("inbound_auth/password");
  const displayName = nameIn(values.get("endpoint/callerid"));
  return {
    ...(displayName === undefined ? {} : { displayName }),
    ...(login === undefined || login === name ? {} : { authName: login }),
    ...(password === undefined ? {} : { password }),
  };
}

function sectionsOf(text: string): readonly Section[] {
  const templates = new Map<string, ReadonlyMap<string, string>>();
  const sections: { name: string; values: Map<string, string> }[] = [];
  let values: Map<string, string> | undefined;
  for (const raw of text.split(/\r?\n/)) {
    // A semicolon begins a comment unless a backslash stands before it.
    const content = raw
      .replace(/(^|[^\\]);.*$/, "$1")
      .replaceAll("\\;", ";")
      .trim();
    const [, name, marks] = /^\[([^\]]{1,128})\](?:\(([^)]*)\))?/.exec(content) ?? [];
    if (name !== undefined) {
      const words = (marks ?? "").split(",").map((word) => word.trim());
      const earlier = words.includes("+") ? sections.findLast((section) => section.name === name) : undefined;
      if (earlier !== undefined) {
        values = earlier.values;
        continue;
      }
      values = new Map(words.flatMap((word) => [...(templates.get(word) ?? [])]));
      templates.set(name, values);
      if (!words.includes("!")) sections.push({ name, values });
      continue;
    }
    const [, key, value] = /^([A-Za-z_][\w/-]*)\s*=>?\s*(.*)$/.exec(content) ?? [];
    if (values !== undefined && key !== undefined && value !== undefined) values.set(key.toLowerCase(), value.trim());
  }
  return sections;
}

/** `"Anna Muster" <201>` → `Anna Muster`. */
function nameIn(callerId: string | undefined): string | undefined {
  const name = /^"?([^"<]*?)"?\s*(?:<[^>]*>)?$/.exec(callerId ?? "")?.[1]?.trim();
  return name === "" ? undefined : name;
}
