import { createSocket, type Socket } from "node:dgram";

export interface Impairment {
  /** Of every direction, 0 to 1. */
  readonly loss?: number;
  readonly duplicate?: number;
  /** Milliseconds, spread evenly; packets overtake each other. */
  readonly jitter?: readonly [number, number];
  readonly seed: number;
}

/**
 * A bad link between a TFTP client and a server on this machine: each client has its own socket towards the server, and
 * each transfer port of the server a port of the relay's own. Counts DATA packets that the server sent.
 */
export async function lossyRelay(server: number, { loss = 0, duplicate = 0, jitter, seed }: Impairment) {
  const sockets: Socket[] = [];
  const counts = { data: 0, lost: 0, distinct: new Set<number>(), lostData: 0, lostAck: 0 };
  let state = seed >>> 0;
  const dice = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const socket = async (): Promise<Socket> => {
    const made = createSocket("udp4");
    made.on("error", () => {});
    await new Promise<void>((bound) => made.bind(0, "127.0.0.1", bound));
    sockets.push(made);
    return made;
  };
  const pass = (from: Socket, octets: Buffer, port: number, isData: boolean) => {
    if (dice() < loss) {
      counts.lost++;
      if (isData) counts.lostData++;
      else counts.lostAck++;
      return;
    }
    const copies = dice() < duplicate ? 2 : 1;
    for (let n = 0; n < copies; n++) {
      const delay = jitter === undefined ? 0 : jitter[0] + dice() * (jitter[1] - jitter[0]);
      const send = () => {
        try {
          from.send(octets, port, "127.0.0.1", () => {});
        } catch {
          // The relay has been closed in the meantime.
        }
      };
      if (delay > 0) setTimeout(send, delay);
      else send();
    }
  };

  const front = await socket();
  const clients = new Map<number, Promise<(octets: Buffer) => void>>();
  const towards = async (client: number): Promise<(octets: Buffer) => void> => {
    const upstream = await socket();
    const faces = new Map<number, Promise<Socket>>();
    upstream.on("message", async (octets, from) => {
      const isData = octets[1] === 3;
      if (isData) {
        counts.data++;
        counts.distinct.add(octets.readUInt16BE(2));
      }
      let face = faces.get(from.port);
      if (face === undefined) {
        face = socket().then((made) => {
          made.on("message", (answer) => pass(upstream, answer, from.port, false));
          return made;
        });
        faces.set(from.port, face);
      }
      pass(await face, octets, client, isData);
    });
    return (octets) => pass(upstream, octets, server, false);
  };
  front.on("message", async (octets, { port }) => {
    const known = clients.get(port) ?? towards(port);
    clients.set(port, known);
    (await known)(octets);
  });

  return {
    port: front.address().port,
    counts,
    close: () => {
      for (const one of sockets) one.close();
    },
  };
}
