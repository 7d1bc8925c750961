import type { Family, WrittenFile } from "../phones/family.ts";
import type { Mac } from "../wire/address.ts";
import type { Evidence } from "./evidence.ts";
import type { FileRequest, Neighbourhood, UploadDesk } from "./ports.ts";

/** A file that a phone writes, under the one name that it is kept by. */
export interface Written {
  readonly name: string;
  readonly owner: Mac;
  readonly existing: "append" | "replace";
}

/**
 * What a request may write: a name of the asker's own family that carries the asker's own MAC. Nobody writes for a phone
 * at whose address, by lease or ARP, another station is known to be.
 */
export function mayWrite(
  families: readonly Family[],
  around: Neighbourhood,
): (request: FileRequest) => Promise<Written | undefined> {
  return async (request) => {
    for (const family of families) {
      const file = family.writes?.(request.filename);
      if (file === undefined) continue;
      const holder = around.leaseHolder(request.ip, request.at) ?? around.neighbour(request.ip);
      if (holder !== undefined && holder !== file.mac) return undefined;
      return { name: file.name, owner: file.mac, existing: file.existing };
    }
    return undefined;
  };
}

/** What a name is that a phone of one of these families may write; undefined for every other name. */
export function writtenFile(families: readonly Family[], filename: string): WrittenFile | undefined {
  return families.map((family) => family.writes?.(filename)).find((one) => one !== undefined);
}

/** The same desk, whose logs are read for what the phone says of itself once they are stored (rule P7). */
export function withEvidence(desk: UploadDesk, families: readonly Family[], evidence: Evidence): UploadDesk {
  return {
    async offer(request, size) {
      const answer = await desk.offer(request, size);
      const file = writtenFile(families, request.filename);
      if (answer.is === "refused" || file === undefined || !file.name.endsWith(".log")) return answer;
      return {
        ...answer,
        async store(octets) {
          const kept = await answer.store(octets);
          if (kept === "stored") await evidence.log(octets, { mac: file.mac, ip: request.ip, at: request.at });
          return kept;
        },
      };
    },
  };
}
