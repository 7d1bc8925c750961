import type { Ipv4 } from "../wire/address.ts";

/** What the TFTP service tells its owner, who logs it. Names come from outside: escape them where they are shown. */
export type TftpEvent =
  | { readonly event: "transfer.started"; readonly ip: Ipv4; readonly port: number; readonly filename: string }
  | ({ readonly event: "transfer.done" } & TransferReport)
  | ({ readonly event: "transfer.broken"; readonly because: string } & TransferReport)
  | { readonly event: "upload.started"; readonly ip: Ipv4; readonly port: number; readonly filename: string }
  | ({ readonly event: "upload.done" } & UploadReport)
  | ({ readonly event: "upload.broken"; readonly because: string } & UploadReport)
  /** Answered with an ERROR. */
  | {
      readonly event: "request.refused";
      readonly ip: Ipv4;
      readonly filename: string;
      readonly code: number;
      readonly because: string;
    }
  /** Answered with silence. Told once a minute for one address and reason. */
  | { readonly event: "request.dropped"; readonly ip: Ipv4; readonly because: string }
  /** Something the administrator should know and can mend. */
  | { readonly event: "tftp.note"; readonly message: string }
  /** A defect or a failed disk on our side; the client was sent an ERROR. */
  | { readonly event: "tftp.failed"; readonly filename: string; readonly error: unknown };

/** The story of one transfer. `octets` are those of the file; `packets` DATA packets, `resent` among them more than once. */
export interface TransferReport {
  readonly ip: Ipv4;
  readonly port: number;
  readonly filename: string;
  readonly octets: number;
  readonly packets: number;
  readonly resent: number;
  readonly milliseconds: number;
}

/** The story of one upload. */
export type UploadReport = Omit<TransferReport, "packets" | "resent">;

/** Counts since the start. */
export interface TftpCounters {
  /** Datagrams received, on every socket. */
  datagrams: number;
  /** Requests that were well formed. */
  requests: number;
  /** Datagrams that were no packet, or no packet for that port. */
  malformed: number;
  /** Answered with silence by policy. */
  dropped: number;
  /** Answered with an ERROR. */
  refused: number;
  started: number;
  done: number;
  /** Files that phones wrote and that are stored. */
  uploaded: number;
  broken: number;
  /** DATA packets sent, repeats included. */
  dataSent: number;
  dataResent: number;
  /** Packets of somebody else to a transfer's port. */
  strays: number;
  /** Transfers that live now. */
  live: number;
}
