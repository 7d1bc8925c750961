import { latin1, textOf } from "./octets.ts";

/** A SIP NOTIFY as far as a phone at rest reads it. */
export interface Notify {
  /** The event package, e.g. `check-sync`, without parameters. */
  readonly event: string;
  readonly body: string;
  /** A 200 with the headers that RFC 3261 §8.2.6 copies. */
  readonly answer: Uint8Array;
}

/** Reads a NOTIFY; undefined for anything else. Phones ask for no credentials (cisco.md §9). */
export function readNotify(octets: Uint8Array): Notify | undefined {
  const [head = "", body = ""] = textOf(octets).split(/\r\n\r\n(.*)/s);
  const [request = "", ...lines] = head.split("\r\n");
  if (!/^NOTIFY \S+ SIP\/2\.0$/.test(request)) return undefined;
  const copied = lines.filter((line) => /^(?:via|v|from|f|to|t|call-id|i|cseq)\s*:/i.test(line));
  const event = lines.map((line) => /^(?:event|o)\s*:\s*([\w.-]+)/i.exec(line)?.[1]).find((word) => word !== undefined);
  if (event === undefined) return undefined;
  const answer = latin1(["SIP/2.0 200 OK", ...copied, "Content-Length: 0", "", ""].join("\r\n"));
  return { event: event.toLowerCase(), body, answer };
}
