const SECRET =
  /pass(?:word|wd|phrase)|secret|pwd\d?$|pin$|token|credential|cookie|encrypt_?key|private_?key|community|auth_?key/i;

/**
 * Whether a setting, a column or a field of this name holds a secret: by its name alone, since local templates have
 * settings that no family knows. What names a file with a secret (`secretFile`) holds none.
 */
export function isSecretName(name: string): boolean {
  return SECRET.test(name) && !/file$/i.test(name);
}
