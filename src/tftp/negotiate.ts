import type { TftpOption, TftpRequest } from "../wire/tftp.ts";

/** What the server is ready to agree to. */
export interface Offers {
  /** The biggest block, 8..65464 octets. 1468 fills an Ethernet frame and is never cut into IP fragments. */
  readonly blksize: number;
  /** The most blocks sent before an ACK, 1..65535. */
  readonly windowsize: number;
}

/** What both sides keep to for one transfer. */
export interface Terms {
  readonly blksize: number;
  readonly windowsize: number;
  /** Whole seconds, 1..255, when the client named them (RFC 2349). */
  readonly timeout?: number;
  /** The answer to the options; empty means that none is sent and the transfer begins without (RFC 2347 §2). */
  readonly oack: readonly TftpOption[];
}

/** What a request without options agrees to (RFC 1350). */
export const PLAIN: Terms = { blksize: 512, windowsize: 1, oack: [] };

/**
 * Agrees on options (RFC 2347, 2348, 2349, 7440). A value that is no plain decimal, or out of its range, counts as not
 * asked; of an option given twice the first counts; unknown ones are left out. No answer exceeds what was asked.
 * `size` is the file's in octets, undefined where it is not known beforehand (netascii): then `tsize` is left out and
 * so is `windowsize`. For a WRQ `tsize` is the client's own and is echoed.
 */
export function negotiate(request: TftpRequest, size: number | undefined, offers: Offers): Terms {
  if (request.options.length === 0) return PLAIN;
  const asked = firstOfEach(request.options);
  const netascii = request.mode.toLowerCase() === "netascii";
  const oack: TftpOption[] = [];
  const answer = (name: string, value: number) => oack.push({ name, value: String(value) });

  const blksize = within(asked.get("blksize"), 8, Number.MAX_SAFE_INTEGER, offers.blksize);
  if (blksize !== undefined) answer("blksize", blksize);
  const timeout = within(asked.get("timeout"), 1, 255, 255);
  if (timeout !== undefined) answer("timeout", timeout);
  const askedSize = announcedSize(request);
  const tsize = request.op === "WRQ" ? askedSize : size;
  if (askedSize !== undefined && tsize !== undefined && !netascii) answer("tsize", tsize);
  const windowsize = netascii ? undefined : within(asked.get("windowsize"), 1, 65535, offers.windowsize);
  if (windowsize !== undefined) answer("windowsize", windowsize);

  return {
    blksize: blksize ?? PLAIN.blksize,
    windowsize: windowsize ?? PLAIN.windowsize,
    ...(timeout === undefined ? {} : { timeout }),
    oack,
  };
}

/** The octets that `tsize` names; undefined when it is absent or no number. */
export function announcedSize(request: TftpRequest): number | undefined {
  return decimal(firstOfEach(request.options).get("tsize"));
}

function firstOfEach(options: readonly TftpOption[]): Map<string, string> {
  const first = new Map<string, string>();
  for (const { name, value } of options) {
    const key = name.toLowerCase();
    if (!first.has(key)) first.set(key, value);
  }
  return first;
}

function within(text: string | undefined, least: number, most: number, cap: number): number | undefined {
  const value = decimal(text);
  return value === undefined || value < least || value > most ? undefined : Math.min(value, cap);
}

function decimal(text: string | undefined): number | undefined {
  return text !== undefined && /^(?:0|[1-9]\d{0,14})$/.test(text) ? Number(text) : undefined;
}
