/** The names of secrets, wherever they stand; a file that holds one (`secretFile`) is none itself. */
const secret = /passw|secret(?!_?file)|token|credential|auth_?(?:name|key)|cookie|_pin$/i;

/** The value with everything that is named like a secret masked, however deep it stands: for logs and printed settings. */
export function masked(value: unknown, depth = 0): unknown {
  if (typeof value !== "object" || value === null || depth > 12) return value;
  if (Array.isArray(value)) return value.map((part) => masked(part, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, secret.test(key) ? "***" : masked(part, depth + 1)]),
  );
}
