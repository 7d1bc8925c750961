import { get } from "node:http";
import { join } from "node:path";
import { type Service, start } from "../../src/server/start.ts";
import { createRandom } from "../../src/sim/random.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Ipv4, Mac } from "../../src/wire/address.ts";
import { fetchFile } from "../net/tftp-wire.ts";
import { createSite } from "./site.ts";

/** What one request came to: the octets, or that there were none. */
type Verdict = string;

export interface Compared {
  readonly triples: number;
  /** How many of them got a file. */
  readonly served: number;
  readonly differing: readonly string[];
}

const network = "127.81";
const macOf = (number: number) => (0x000e84d00000 + number).toString(16).padStart(12, "0") as Mac;
const addressOf = (number: number) => `${network}.${1 + (number >> 8)}.${number & 255}` as Ipv4;

/**
 * S22: asks for `count` triples of address, phone and path by TFTP and by HTTP, each from the address itself, of a service
 * with phones that hold a lease, phones that hold none, and files of the site.
 */
export async function compareVerdicts(count: number, seed: number): Promise<Compared> {
  const random = createRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.next() * list.length)] as T;
  const site = createSite("", {
    "dialplan.xml": "<DIALTEMPLATE/>",
    "site.txt": "x",
    [`SIP${macOf(3).toUpperCase()}.cnf`]: "own: 1\n",
  });
  const store = await openSqliteStore(join(site.config.data, "provision.db"));
  const phones = Array.from({ length: 40 }, (_, i) => i);
  await store.putPhones(
    phones.map((i) => ({
      mac: macOf(i),
      model: "7960",
      running: "P0S3-8-12-00",
      lines: [{ name: `${i}`, password: `p${i}` }],
      settings: {},
    })),
  );
  const until = Date.now() + 3_600_000;
  for (const i of phones.slice(0, 20)) {
    await store.putLease({ at: "bound", ip: addressOf(i), mac: macOf(i), clientKey: `01${macOf(i)}`, until });
  }
  await store.close();
  const service = await start(site.config, site.log);
  const differing: string[] = [];
  let served = 0;
  try {
    const addresses = Math.max(60, Math.ceil(count / 8));
    const paths = [
      (mac: Mac) => `SIP${mac.toUpperCase()}.cnf`,
      (mac: Mac) => `SEP${mac.toUpperCase()}.cnf.xml`,
      (mac: Mac) => `sip${mac}.cnf`,
      () => "SIPDefault.cnf",
      () => "dialplan.xml",
      () => "site.txt",
      () => "../provision.yaml",
      () => "..\\provision.yaml",
      () => "OS79XX.TXT",
      (mac: Mac) => `./SIP${mac.toUpperCase()}.cnf`,
      (mac: Mac) => `${mac}.cfg`,
      () => "provision.db",
    ];
    const triples = Array.from({ length: count }, (_, i) => {
      const name = pick(paths)(macOf(Math.floor(random.next() * 50)));
      return { ip: addressOf(i % addresses), name };
    });
    const lanes = Array.from({ length: 24 }, async (_, lane) => {
      // One lane for each address, so that no two requests of one address overlap.
      for (const [i, { ip, name }] of triples.entries()) {
        if ((i % addresses) % 24 !== lane) continue;
        const both = [await byTftp(service, ip, name), await byHttp(service, ip, name)];
        if (both[0] !== both[1]) differing.push(`${ip} ${name}: ${both.join(" / ")}`);
        if (both[0] !== "refused") served++;
      }
    });
    await Promise.all(lanes);
  } finally {
    await service.stop("the comparison is over");
  }
  return { triples: count, served, differing };
}

export async function byTftp(service: Service, address: string, name: string): Promise<Verdict> {
  try {
    const { octets } = await fetchFile(service.tftp.port, name, {}, { address, server: service.tftp.address });
    return Buffer.from(octets).toString("latin1");
  } catch (error) {
    if (error instanceof Error && error.message.startsWith("ERROR")) return "refused";
    throw error;
  }
}

export function byHttp(service: Service, localAddress: string, name: string): Promise<Verdict> {
  const path = `/${name.split("/").map(encodeURIComponent).join("/")}`;
  return new Promise((resolve, reject) => {
    const call = get(
      { host: service.http.address, port: service.http.port, path, localAddress, agent: false },
      (answer) => {
        const pieces: Buffer[] = [];
        answer.on("data", (piece: Buffer) => pieces.push(piece));
        answer.on("end", () =>
          resolve(answer.statusCode === 200 ? Buffer.concat(pieces).toString("latin1") : "refused"),
        );
      },
    );
    call.once("error", reject);
  });
}
