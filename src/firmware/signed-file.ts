/** What a signed file says of itself before its body (cisco.md §4.4, read from about a hundred real files). */
export interface SignedFile {
  readonly kind: "signed";
  /** The name that a phone compares with the one it asked for. */
  readonly name: string;
  /** Octets before the body. */
  readonly headerLength: number;
  readonly hashAlgorithm: "SHA-1" | "SHA-256" | "SHA-512" | "unknown";
  /** Octets of the signature, which nobody without the vendor's public key can check. */
  readonly signatureLength: number;
  /** Distinguished names, where the header carries them. */
  readonly signer?: string;
  readonly issuer?: string;
  /** When it was signed, seconds since the epoch; newer files only. */
  readonly signedAt?: number;
}

export type SignedHeader =
  | SignedFile
  | { readonly kind: "unsigned" }
  /** It begins like a signed file and does not go on like one. */
  | { readonly kind: "damaged"; readonly why: string };

/**
 * Reads the header of a signed file from the first octets of it; 64 KiB are enough for every header there can be.
 * Never throws. A file is taken for signed when it opens with tag 1, length 2:
 *
 *     tag (1)  length (2, most significant first)  value
 *     01  header version            02  header length          03 { 04 signer  05 serial  06 issuer }
 *     07 { 08 hash  09 { 0A 0B } }  0C  signature              0E  file name, NUL-terminated
 *     0F  timestamp                 0D  padding, one octet each and no length
 */
export function readSignedHeader(octets: Uint8Array): SignedHeader {
  if (octets[0] !== TAG.version || octets[1] !== 0 || octets[2] !== 2) return { kind: "unsigned" };
  const headerLength = declaredLength(octets);
  if (headerLength === undefined) return damaged("its header does not say how long it is");
  if (headerLength < SMALLEST_HEADER)
    return damaged(`its header claims ${headerLength} octets, too few to hold a name`);
  if (headerLength > octets.length) {
    return damaged(`it ends after ${octets.length} octets, inside its header of ${headerLength}`);
  }
  const fields = readFields(octets, 0, headerLength);
  if (typeof fields === "string") return damaged(fields);
  return described(fields, headerLength);
}

const TAG = {
  version: 0x01,
  headerLength: 0x02,
  signerInfo: 0x03,
  signer: 0x04,
  issuer: 0x06,
  algorithms: 0x07,
  hash: 0x08,
  signature: 0x0c,
  padding: 0x0d,
  name: 0x0e,
  timestamp: 0x0f,
} as const;

/** Version, length and the shortest name: 5 + 5 + 5 octets. */
const SMALLEST_HEADER = 15;
const HASHES = { 1: "SHA-1", 2: "SHA-256", 3: "SHA-512" } as const;
const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._()-]{0,127}$/;

type Fields = ReadonlyMap<number, Uint8Array>;

function declaredLength(octets: Uint8Array): number | undefined {
  if (octets.length < 10 || octets[5] !== TAG.headerLength || octets[6] !== 0 || octets[7] !== 2) return undefined;
  return u16(octets, 8);
}

/** Fields by tag, those of containers among them; a sentence where the octets are no such list. */
function readFields(octets: Uint8Array, start: number, end: number): Fields | string {
  const fields = new Map<number, Uint8Array>();
  let at = start;
  while (at < end) {
    const tag = octets[at] as number;
    if (tag === TAG.padding) {
      at++;
      continue;
    }
    const length = at + 3 <= end ? u16(octets, at + 1) : undefined;
    if (length === undefined || at + 3 + length > end) return `a field of its header runs past octet ${end}`;
    if (fields.has(tag)) return `its header holds field ${tag} twice`;
    fields.set(tag, octets.subarray(at + 3, at + 3 + length));
    at += tag === TAG.signerInfo || tag === TAG.algorithms ? 3 : 3 + length;
  }
  return fields;
}

function described(fields: Fields, headerLength: number): SignedHeader {
  const name = textOf(fields.get(TAG.name));
  if (name === undefined) return damaged("its header holds no file name");
  if (!FILE_NAME.test(name)) return damaged("the file name in its header is no file name");
  const signature = fields.get(TAG.signature);
  if (signature === undefined || signature.length === 0) return damaged("its header holds no signature");
  const signer = textOf(fields.get(TAG.signer));
  const issuer = textOf(fields.get(TAG.issuer));
  const timestamp = fields.get(TAG.timestamp);
  return {
    kind: "signed",
    name,
    headerLength,
    hashAlgorithm: HASHES[fields.get(TAG.hash)?.[0] as keyof typeof HASHES] ?? "unknown",
    signatureLength: signature.length,
    ...(signer === undefined ? {} : { signer }),
    ...(issuer === undefined ? {} : { issuer }),
    ...(timestamp?.length === 4 ? { signedAt: u16(timestamp, 0) * 0x10000 + u16(timestamp, 2) } : {}),
  };
}

/** The octets before the first NUL as text; undefined when they are not printable ASCII. */
function textOf(octets: Uint8Array | undefined): string | undefined {
  if (octets === undefined) return undefined;
  const end = octets.indexOf(0);
  const text = String.fromCharCode(...octets.subarray(0, end < 0 ? octets.length : end));
  return /^[ -~]{1,1000}$/.test(text) ? text : undefined;
}

function u16(octets: Uint8Array, at: number): number {
  return ((octets[at] as number) << 8) | (octets[at + 1] as number);
}

function damaged(why: string): SignedHeader {
  return { kind: "damaged", why };
}
