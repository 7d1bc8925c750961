import { get } from "node:http";
import type { Ipv4 } from "../wire/address.ts";

export type FetchedPage =
  | { readonly is: "page"; readonly text: string }
  | { readonly is: "failed"; readonly because: string };

/** Milliseconds for the whole page, and its octets. */
const patience = 5_000;
const mostOctets = 65_536;

/**
 * `GET /DeviceInformationX` of a phone, by its address and never by a name. Follows no redirect; ends after five
 * seconds and after 64 KB. Never rejects.
 */
export function fetchDevicePage(ip: Ipv4, port = 80): Promise<FetchedPage> {
  return new Promise((resolve) => {
    const call = get({ host: ip, port, path: "/DeviceInformationX", agent: false, headers: { connection: "close" } });
    const end = (page: FetchedPage) => {
      clearTimeout(deadline);
      call.destroy();
      resolve(page);
    };
    const fail = (because: string) => end({ is: "failed", because });
    const deadline = setTimeout(() => fail("it did not answer in time"), patience);
    call.on("error", (error: NodeJS.ErrnoException) => fail(`it cannot be reached (${error.code ?? "no answer"})`));
    call.on("response", (answer) => {
      if (answer.statusCode !== 200) return fail(`it answered ${answer.statusCode}`);
      const pieces: Buffer[] = [];
      let octets = 0;
      answer.on("data", (piece: Buffer) => {
        octets += piece.length;
        if (octets > mostOctets) return fail(`its page is larger than ${mostOctets} octets`);
        pieces.push(piece);
      });
      answer.on("error", () => fail("it broke off"));
      answer.on("aborted", () => fail("it broke off"));
      answer.on("end", () => end({ is: "page", text: Buffer.concat(pieces).toString("utf8") }));
    });
  });
}
