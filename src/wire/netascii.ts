/*
 * netascii (RFC 764, RFC 1350 appendix): a line ends in CR LF; a CR that ends no line is followed by a zero octet.
 * Both directions can stop after any octet and go on later, because blocks cut lines wherever they like.
 */

const NUL = 0;
const LF = 10;
const CR = 13;

/** What an encoder owes: the second octet of a pair whose first has been written, or -1 for nothing. */
export type NetasciiDebt = -1 | 0 | 10;

/** How far one call came. `read` and `written` are counts of octets. */
export interface NetasciiProgress {
  readonly read: number;
  readonly written: number;
  readonly owed: NetasciiDebt;
}

/**
 * Writes `source` from `start` on into `into` as netascii until either is used up: LF becomes CR LF, CR becomes CR NUL,
 * a CR LF of the source included (as FreeBSD's and HPA's servers do; docs/tftp.md).
 * `owed` is what the call before left, -1 at first; a file is whole when all is read and nothing is owed.
 */
export function encodeNetascii(
  source: Uint8Array,
  start: number,
  into: Uint8Array,
  at: number,
  owed: NetasciiDebt,
): NetasciiProgress {
  let from = start;
  let to = at;
  let debt = owed;
  while (to < into.length) {
    if (debt !== -1) {
      into[to++] = debt;
      debt = -1;
    } else if (from < source.length) {
      const octet = source[from++] as number;
      const special = octet === LF || octet === CR;
      into[to++] = special ? CR : octet;
      if (special) debt = octet === LF ? LF : NUL;
    } else break;
  }
  return { read: from - start, written: to - at, owed: debt };
}

/**
 * The octets that the netascii in `octets` stands for, and whether it ended in a CR whose meaning the next octet
 * tells. `heldCr` is that of the call before, false at first. CR LF becomes LF, CR NUL becomes CR; a CR before any
 * other octet, which the RFC does not allow, is kept as it is. At the end of a file a held CR is a CR.
 */
export function decodeNetascii(octets: Uint8Array, heldCr: boolean): { octets: Uint8Array; heldCr: boolean } {
  const out = new Uint8Array(octets.length + 1);
  let length = 0;
  let held = heldCr;
  for (const octet of octets) {
    if (held) {
      held = false;
      if (octet === LF || octet === NUL) {
        out[length++] = octet === LF ? LF : CR;
        continue;
      }
      out[length++] = CR;
    }
    if (octet === CR) held = true;
    else out[length++] = octet;
  }
  return { octets: out.subarray(0, length), heldCr: held };
}
