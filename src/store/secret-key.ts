import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";
import { closeSync, fsyncSync, linkSync, lstatSync, openSync, readFileSync, unlinkSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { StoreError } from "./store.ts";

/** The key that secrets at rest are sealed with. It never leaves this value. */
export interface SecretKey {
  /** AES-256-GCM over `text`. `place` says where the result belongs, so that it opens nowhere else. */
  seal(text: string, place: string): Uint8Array;
  /** Undefined when `sealed` was not sealed with this key for this place, or is damaged. */
  unseal(sealed: Uint8Array, place: string): string | undefined;
  /** Tells two keys apart and says nothing about either; 32 hex digits. */
  readonly fingerprint: string;
}

/**
 * Reads the key file, or makes one (mode 0600, durable before it is used). `mayCreate` is false where sealed values
 * already exist: a fresh key could not read them.
 * @throws StoreError `E_STORE_KEY` naming the file and the remedy.
 */
export function openSecretKey(path: string, mayCreate: boolean): SecretKey {
  let text = readKeyFile(path);
  if (text === undefined) {
    if (!mayCreate) {
      throw keyError(path, "is missing, and the database holds secrets sealed with it. Restore it from the backup");
    }
    createKeyFile(path);
    text = readKeyFile(path);
  }
  const hex = /^provision-key-1 ([0-9a-f]{64})\n?$/.exec(text ?? "")?.[1];
  if (hex === undefined) throw keyError(path, "is not a key of this program. Restore it from the backup");
  return secretKeyFrom(Buffer.from(hex, "hex"));
}

const VERSION = 1;
const NONCE = 12;
const TAG = 16;

function secretKeyFrom(key: Buffer): SecretKey {
  return {
    fingerprint: createHmac("sha256", key).update("provision: which key is this").digest("hex").slice(0, 32),
    seal(text, place) {
      const nonce = randomBytes(NONCE);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(place));
      return Buffer.concat([
        Buffer.of(VERSION),
        nonce,
        cipher.update(text, "utf8"),
        cipher.final(),
        cipher.getAuthTag(),
      ]);
    },
    unseal(sealed, place) {
      if (sealed[0] !== VERSION || sealed.length < 1 + NONCE + TAG) return undefined;
      const end = sealed.length - TAG;
      try {
        const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(1, 1 + NONCE), { authTagLength: TAG })
          .setAAD(Buffer.from(place))
          .setAuthTag(sealed.subarray(end));
        return decipher.update(sealed.subarray(1 + NONCE, end), undefined, "utf8") + decipher.final("utf8");
      } catch {
        return undefined;
      }
    },
  };
}

function readKeyFile(path: string): string | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  if (!found.isFile()) throw keyError(path, "is not a regular file. Put the key file itself there");
  if ((found.mode & 0o077) !== 0) throw keyError(path, "can be read by others. Run: chmod 600 on it");
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw keyError(path, "cannot be read. Check its owner", error);
  }
}

/** Links a finished file into place, so that two first starts at once agree on one key and no kill leaves half of one. */
function createKeyFile(path: string): void {
  const fresh = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    const fd = openSync(fresh, "wx", 0o600);
    try {
      writeSync(fd, `provision-key-1 ${randomBytes(32).toString("hex")}\n`);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    try {
      linkSync(fresh, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    } finally {
      unlinkSync(fresh);
    }
    const folder = openSync(dirname(path), "r");
    fsyncSync(folder);
    closeSync(folder);
  } catch (error) {
    throw keyError(path, "cannot be created. Check that its folder may be written", error);
  }
}

function keyError(path: string, what: string, cause?: unknown): StoreError {
  return new StoreError("E_STORE_KEY", `The key file ${path} ${what}.`, cause === undefined ? {} : { cause });
}
