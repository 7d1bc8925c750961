/** Lower-case hex, as one flat string: added up digit by digit it would be a rope that its first use as a key unravels. */
export function hex(octets: Uint8Array): string {
  let text = "";
  for (let from = 0; from < octets.length; from += AT_ONCE)
    text += hexOf(octets, from, Math.min(octets.length, from + AT_ONCE));
  return text;
}

/** The octets of lower-case hex as {@link hex} writes it. */
export function fromHex(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length >> 1 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

/** Few enough for the arguments of one call. */
const AT_ONCE = 256;
const DIGITS = Uint8Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0));

function hexOf(octets: Uint8Array, from: number, to: number): string {
  const codes = new Array<number>(2 * (to - from));
  for (let i = from, n = 0; i < to; i++) {
    const octet = octets[i] as number;
    codes[n++] = DIGITS[octet >> 4] as number;
    codes[n++] = DIGITS[octet & 15] as number;
  }
  return String.fromCharCode.apply(undefined, codes);
}
