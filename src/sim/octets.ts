/** Octets of the low eight bits of each character. */
export function latin1(text: string): Uint8Array {
  const octets = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) octets[i] = text.charCodeAt(i);
  return octets;
}

/** The characters of `octets` from `start` up to `end`, one per octet. */
export function textOf(octets: Uint8Array, start = 0, end = octets.length): string {
  let text = "";
  for (let i = start; i < end; i++) text += String.fromCharCode(octets[i] as number);
  return text;
}

/** The unsigned 16-bit number at `offset`, most significant octet first; octets past the end read as 0. */
export function number16(octets: Uint8Array, offset: number): number {
  return ((octets[offset] ?? 0) << 8) | (octets[offset + 1] ?? 0);
}

/** `value` modulo 2¹⁶ in two octets, most significant first. */
export function octets16(value: number): Uint8Array {
  return Uint8Array.of((value >>> 8) & 255, value & 255);
}

/** All `parts`, one after the other. */
export function join(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
