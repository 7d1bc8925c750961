import { type Failure, failure, systemCode } from "./failure.ts";

/** Says in words why a TCP port cannot be listened on, and what to do. */
export function portTrouble(address: string, port: number, error: unknown): Failure {
  return failure("E_LISTEN", 1, { where: `${address}:${port}/tcp`, ...words(systemCode(error)) }, error);
}

function words(code: string | undefined): { readonly message: string; readonly remedy: string } {
  switch (code) {
    case "EACCES":
      return {
        message: "this user may not listen on this port",
        remedy: "give the service CAP_NET_BIND_SERVICE, or choose a port from 1024 on (http.port)",
      };
    case "EADDRINUSE":
      return {
        message: "the port is in use",
        remedy: "stop the other server (ss -ltnp shows it), or choose another http.port",
      };
    case "EADDRNOTAVAIL":
      return { message: "this machine has no such address", remedy: "choose one of `ip -4 addr` (http.listen)" };
    default:
      return { message: `it cannot be listened on (${code})`, remedy: "choose another http.listen or http.port" };
  }
}
