import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import type { NotifyOutcome, SendNotify } from "../provision/restart.ts";
import type { Ipv4 } from "../wire/address.ts";
import { encodeSipNotify, readSipStatus } from "../wire/sip-notify.ts";

/** RFC 3261 §17.1.2.2: T1, doubled at each repeat; whoever has not answered by then is not there. */
const firstRepeat = 500;
const patience = 5_000;

/**
 * Sends a NOTIFY over UDP from a port of its own and waits for the final answer. `own` is the address that the phone
 * can answer to. Never rejects.
 */
export function createNotifier(own: Ipv4): SendNotify {
  return (notify) =>
    new Promise<NotifyOutcome>((resolve) => {
      const token = randomBytes(16).toString("hex");
      const socket = createSocket("udp4");
      let repeat: NodeJS.Timeout | undefined;
      const end = (outcome: NotifyOutcome) => {
        clearTimeout(repeat);
        clearTimeout(deadline);
        socket.close();
        resolve(outcome);
      };
      const deadline = setTimeout(() => end({ is: "silent" }), patience);
      socket.once("error", (error) => end({ is: "failed", because: error.message }));
      socket.on("message", (octets, from) => {
        if (from.address !== notify.to.address) return;
        const status = readSipStatus(octets, token);
        if (status !== undefined && status >= 200) end({ is: "answered", status });
      });
      socket.bind(0, () => {
        const request = encodeSipNotify({ ...notify, from: { address: own, port: socket.address().port }, token });
        const send = (after: number) => {
          socket.send(request, notify.to.port, notify.to.address);
          repeat = setTimeout(() => send(after * 2), after);
        };
        send(firstRepeat);
      });
    });
}
