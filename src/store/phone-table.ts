import type { Phone } from "../phones/phone.ts";
import type { Mac } from "../wire/address.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { SecretKey } from "./secret-key.ts";
import { corrupt, type Database } from "./sqlite-library.ts";
import { type Store, StoreError } from "./store.ts";
import { mapInTurns } from "./turns.ts";

/** The part of the store that keeps the inventory. */
type PhoneStore = Pick<Store, "phone" | "phones" | "putPhones" | "takePhones" | "removePhone">;

type MakePhone = Parameters<Store["takePhones"]>[1];

interface Row {
  readonly mac: Mac;
  readonly sealed: Uint8Array;
}

/** Phones that are read or written in one turn of the event loop: a few milliseconds of work. */
const PIECE = 100;

/** Said in the table `setting` from when `incoming` holds all of an import until the last of it has been moved. */
const WHOLE = "EXISTS (SELECT 1 FROM setting WHERE name = 'incoming')";

/**
 * The inventory. Each phone is sealed as a whole, for it carries SIP passwords.
 *
 * An import is written piece by piece into the table `incoming`, which nobody reads before it is declared whole. From
 * then on its phones stand in front of those of `phone`, to where they are moved, again piece by piece. After a kill the
 * next start moves what is whole and drops what is not. Only who has the database `alone` imports.
 */
export function phonesIn(db: Database, path: string, key: SecretKey, queue: GroupCommit, alone: boolean): PhoneStore {
  const one = db.prepare(`SELECT coalesce(
    (SELECT sealed FROM incoming WHERE mac = ?1 AND ${WHOLE}), (SELECT sealed FROM phone WHERE mac = ?1)) AS sealed`);
  const some = db.prepare(`SELECT mac, sealed FROM phone AS old WHERE mac > ?1
      AND NOT (${WHOLE} AND EXISTS (SELECT 1 FROM incoming WHERE mac = old.mac))
    UNION ALL SELECT mac, sealed FROM incoming WHERE mac > ?1 AND ${WHOLE}
    ORDER BY mac LIMIT ${PIECE}`);
  const put = db.prepare("INSERT OR REPLACE INTO phone (mac, sealed) VALUES (?, ?)");
  const remove = db.prepare("DELETE FROM phone WHERE mac = ?");
  const overtake = db.prepare(`DELETE FROM incoming WHERE mac = ? AND ${WHOLE}`);
  const putIncoming = db.prepare("INSERT OR REPLACE INTO incoming (mac, sealed) VALUES (?, ?)");
  const declareWhole = db.prepare("INSERT OR REPLACE INTO setting (name, value) VALUES ('incoming', 'whole')");
  const left = db.prepare(`SELECT ${WHOLE} OR EXISTS (SELECT 1 FROM incoming) AS yes`);
  const next = `SELECT mac, sealed FROM incoming WHERE ${WHOLE} ORDER BY mac LIMIT ${PIECE}`;
  const move = db.prepare(`INSERT OR REPLACE INTO phone (mac, sealed) ${next}`);
  const drop = db.prepare(`DELETE FROM incoming WHERE mac IN (SELECT mac FROM incoming ORDER BY mac LIMIT ${PIECE})`);
  const declareMoved = db.prepare("DELETE FROM setting WHERE name = 'incoming'");

  /** The import under way, and which of its phones were written by others since their rows in `incoming` were made. */
  let taking: { readonly all: ReadonlySet<Mac>; readonly stale: Set<Mac> } | undefined;
  let imports = 0;
  let importing = alone ? tidy().catch(() => undefined) : Promise.resolve();

  function unsealed({ mac, sealed }: Row): Phone {
    const text = key.unseal(sealed, `phone ${mac}`);
    if (text === undefined) throw corrupt(path, `the phone ${mac} cannot be unsealed`);
    return JSON.parse(text) as Phone;
  }

  function get(mac: Mac): Phone | undefined {
    const { sealed } = one.get(mac) as { sealed: Uint8Array | null };
    return sealed === null ? undefined : unsealed({ mac, sealed });
  }

  /** Belongs to each write and removal of one phone: no row of an import that was made before may stand after it. */
  function written(mac: Mac): void {
    overtake.run(mac);
    if (taking?.all.has(mac)) taking.stale.add(mac);
  }

  async function takeAll(macs: readonly Mac[], of: MakePhone): Promise<void> {
    await tidy();
    const stale = new Set<Mac>();
    taking = { all: new Set(macs), stale };
    try {
      let whole = false;
      for (let order = await inOrder(taking.all); !whole; order = [...stale]) {
        for (let i = 0; i < order.length; i += PIECE) await takeSome(order.slice(i, i + PIECE), stale, of);
        await queue.write(() => {
          whole = stale.size === 0;
          if (!whole) return;
          declareWhole.run();
          imports++;
        });
      }
    } finally {
      taking = undefined;
    }
  }

  async function takeSome(macs: readonly Mac[], stale: Set<Mac>, of: MakePhone): Promise<void> {
    for (const mac of macs) stale.delete(mac);
    const known = await queue.read(() => macs.map(get));
    const rows = macs.map((mac, i) => [mac, key.seal(JSON.stringify(of(mac, known[i])), `phone ${mac}`)] as const);
    await queue.write(() => {
      for (const [mac, sealed] of rows) putIncoming.run(mac, sealed);
    }, rows.length);
  }

  /** Empties `incoming`. */
  async function tidy(): Promise<void> {
    while (await queue.read(() => (left.get() as { yes: number }).yes === 1)) {
      await queue.write(() => {
        move.run();
        if (Number(drop.run().changes) < PIECE) declareMoved.run();
      }, 2 * PIECE);
    }
  }

  return {
    phone: (mac) => queue.read(() => get(mac)),
    async phones() {
      for (;;) {
        const before = imports;
        const phones: Phone[] = [];
        let page: readonly Row[];
        do {
          const last = phones.at(-1)?.mac ?? "";
          page = await queue.read(() => some.all(last) as unknown as Row[]);
          phones.push(...page.map(unsealed));
        } while (page.length === PIECE);
        if (imports === before) return phones;
      }
    },
    putPhones(batch) {
      const rows = batch.map((phone) => [phone.mac, key.seal(JSON.stringify(phone), `phone ${phone.mac}`)] as const);
      return queue.write(() => {
        for (const [mac, sealed] of rows) {
          written(mac);
          put.run(mac, sealed);
        }
      });
    },
    takePhones(macs, of) {
      if (!alone) {
        const message = `Another process may have ${path} open, which must not import phones beside this one.`;
        return Promise.reject(new StoreError("E_STORE_IN_USE", message));
      }
      const taken = importing.then(() => takeAll(macs, of));
      importing = taken.catch(() => undefined).then(() => tidy().catch(() => undefined));
      return taken;
    },
    removePhone: (mac) =>
      queue.write(() => {
        written(mac);
        remove.run(mac);
      }),
  };
}

/**
 * In the order of the table, which then grows at its end: each of its pages is written once. As numbers, since a hundred
 * thousand texts are not sorted in one turn of the event loop.
 */
async function inOrder(macs: Iterable<Mac>): Promise<readonly Mac[]> {
  const numbers = Float64Array.from(await mapInTurns(macs, (mac) => Number.parseInt(mac, 16))).sort();
  return mapInTurns(numbers, (number) => number.toString(16).padStart(12, "0") as Mac);
}
