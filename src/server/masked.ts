import { isSecretName } from "../phones/secret-name.ts";

/** Half of a registration's secret, and of no use to whoever reads a log. */
const account = /auth_?name/i;

/** The value with everything that is named like a secret masked, however deep it stands: for logs and printed settings. */
export function masked(value: unknown, depth = 0): unknown {
  if (typeof value !== "object" || value === null || depth > 12) return value;
  if (Array.isArray(value)) return value.map((part) => masked(part, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [
      key,
      isSecretName(key) || account.test(key) ? "***" : masked(part, depth + 1),
    ]),
  );
}
