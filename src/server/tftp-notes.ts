import type { TftpEvent } from "../net/tftp-events.ts";
import type { Log } from "./log.ts";

/** Says what the TFTP service did in the words of docs/events.md. */
export function tftpNote(event: TftpEvent, log: Log): void {
  switch (event.event) {
    case "transfer.started":
    case "upload.started":
      log.note({ event: event.event, detail: `port ${event.port}`, ip: event.ip, file: event.filename });
      break;
    case "transfer.done":
    case "transfer.broken": {
      const { octets, packets, resent, milliseconds, ip, filename } = event;
      const figures = `${octets} octets in ${packets} packets, ${resent} of them again, ${Math.round(milliseconds)} ms`;
      const detail = event.event === "transfer.done" ? figures : `${event.because}; ${figures}`;
      log.note({ event: event.event, detail, ip, file: filename });
      break;
    }
    case "upload.done":
    case "upload.broken": {
      const { octets, milliseconds, ip, filename } = event;
      const figures = `${octets} octets, ${Math.round(milliseconds)} ms`;
      const detail = event.event === "upload.done" ? figures : `${event.because}; ${figures}`;
      log.note({ event: event.event, detail, ip, file: filename });
      break;
    }
    case "request.refused":
      log.note({
        event: event.event,
        detail: `${event.code}: ${event.because}`,
        ip: event.ip,
        file: event.filename,
      });
      break;
    case "request.dropped":
      log.warn({ event: event.event, detail: event.because, ip: event.ip });
      break;
    case "tftp.note":
      log.warn({ event: event.event, detail: event.message });
      break;
    case "tftp.failed":
      log.error({ event: event.event, detail: messageOf(event.error), file: event.filename });
      break;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
