/** One row of the REQUEST table: what the message says, and what the server remembers of address M and of the client. */
export interface Row {
  readonly option54: "none" | "ours" | "other";
  /** M is an address of the pool, W another one that is free, F one of a network that is not this one. */
  readonly option50: "none" | "M" | "W" | "F";
  readonly ciaddr: "0" | "M" | "W" | "F";
  readonly giaddr: "0" | "ours" | "unknown";
  readonly binding: "none" | "bound" | "offered" | "expired" | "another's";
  readonly authoritative: boolean;
}

export type Expected = "ACK M" | "ACK W" | "NAK" | "silence";

/** Every combination. */
export function rows(): Row[] {
  const all: Row[] = [];
  for (const option54 of ["none", "ours", "other"] as const)
    for (const option50 of ["none", "M", "W", "F"] as const)
      for (const ciaddr of ["0", "M", "W", "F"] as const)
        for (const giaddr of ["0", "ours", "unknown"] as const)
          for (const binding of ["none", "bound", "offered", "expired", "another's"] as const)
            for (const authoritative of [true, false])
              all.push({ option54, option50, ciaddr, giaddr, binding, authoritative });
  return all;
}

/**
 * What RFC 2131 asks for, written from its text alone and not from the server: §3.1 steps 3 to 5, §4.3.2 and table 4,
 * with the house's two decisions where it leaves a choice: a server that is not authoritative refuses only clients that
 * it knows, and a client that names no address or two gets no answer.
 */
export function expected(row: Row): Expected {
  const { option54, option50, ciaddr, binding } = row;
  // "the server identifier option … indicates that the message is a decline of that server's offer" (§3.1.3)
  if (option54 === "other") return "silence";
  // A relay of a network that nobody configured: there is no address to speak of.
  if (row.giaddr === "unknown") return "silence";
  if (option50 === "none" && ciaddr === "0") return "silence";
  if (option50 !== "none" && ciaddr !== "0" && option50 !== ciaddr) return "silence";

  const remembered = binding === "bound" || binding === "expired";
  const mayRefuse = row.authoritative || remembered;

  if (ciaddr !== "0") {
    // RENEWING and REBINDING (§4.3.2): ciaddr is filled in, nothing else is needed.
    if (ciaddr === "M" && remembered) return "ACK M";
    return mayRefuse ? "NAK" : "silence";
  }
  if (option54 === "ours") {
    // SELECTING (§4.3.2): the client took our offer; "if the selected server is unable to satisfy … DHCPNAK" (§3.1.4).
    const holds = binding === "bound" || binding === "offered";
    if (option50 === "M") return binding === "another's" ? "NAK" : "ACK M";
    if (holds) return "NAK";
    return option50 === "W" ? "ACK W" : "silence";
  }
  // INIT-REBOOT (§4.3.2): "if the requested address is incorrect, or is on the wrong network" a NAK; "if the server has
  // no record of this client, then it MUST remain silent".
  if (option50 === "F") return mayRefuse ? "NAK" : "silence";
  if (!remembered) return "silence";
  return option50 === "M" ? "ACK M" : "NAK";
}
