import type { Planned } from "../migration/migration.ts";
import { admitNewcomer, type MigrationRule, ruleFor, waveOfNewcomer } from "../migration/rules.ts";
import { modelOf } from "../phones/families.ts";
import type { Phone } from "../phones/phone.ts";
import { SIGHTINGS_KEPT, type Store } from "../store/store.ts";
import type { Mac } from "../wire/address.ts";
import { enrolledLine, judge, migrationOf } from "./enrol.ts";
import type { Speaker } from "./evidence.ts";
import type { Note, Vault } from "./ports.ts";
import type { Tracker } from "./tracker.ts";

export interface NewcomerParts {
  readonly store: Store;
  readonly tracker: Tracker;
  readonly vault: Vault;
  readonly rules: readonly MigrationRule[];
  /** The way of this phone under that rule; undefined where there is none to be asked for. */
  readonly plan: (phone: Phone & { readonly model: string }, rule: MigrationRule) => Planned | undefined;
  readonly note: (note: Note) => void;
}

/** Puts phones under migration that are seen for the first time, where a rule of provision.yaml says so. */
export interface Newcomers {
  /** `model` is what the phone calls itself, if it does: a model id. Never rejects. */
  seen(who: Speaker, model?: string): Promise<void>;
}

/** A phone first seen longer ago, in milliseconds, is not new: switching a rule on must not move a standing site. */
const newFor = 24 * 3_600_000;

/** How long a decision stands, in milliseconds, before the phone is looked at again: firmware may have come. */
const decidedFor = 10 * 60_000;

/** The most phones whose decision is remembered. */
const mostRemembered = 100_000;

/** Rules that do not work by themselves cost nothing here. */
export function createNewcomers(parts: NewcomerParts): Newcomers {
  const idle = !parts.rules.some(({ auto }) => auto);
  const decided = new Map<Mac, number>();
  let turn: Promise<unknown> = Promise.resolve();

  async function decide(who: Speaker, said: string | undefined): Promise<void> {
    if (parts.tracker.of(who.mac) !== undefined || !(await isNew(parts.store, who))) return;
    const known = await parts.store.phone(who.mac);
    const phone: Phone = known ?? { mac: who.mac, lines: [], settings: {} };
    const model = modelOf(phone.model ?? said ?? "");
    if (model !== undefined && said !== undefined && said !== model.id) return;
    const rule = ruleFor(phone, model, parts.rules);
    if (rule === undefined) return;
    const named = model === undefined ? undefined : { ...phone, model: model.id };
    const planned = named && parts.plan(named, rule);
    const admitted = admitNewcomer(rule, model, parts.tracker.of(who.mac)?.migration, planned);
    if (admitted.is === "stays") return tell(who, rule, admitted.because);
    if (planned?.kind !== "plan" || named === undefined) return;
    await begin(who, named, rule, planned);
  }

  async function begin(
    who: Speaker,
    phone: Phone,
    rule: MigrationRule,
    { plan }: Extract<Planned, { kind: "plan" }>,
  ): Promise<void> {
    const job = `rule-${rule.name}`;
    const { acceptOneWay } = rule;
    const order = { phones: [{ mac: who.mac, plan }], job, startAt: 0, acceptOneWay };
    const [verdict] = await judge(parts, order);
    if (verdict?.is !== "ready") {
      const because =
        verdict?.is === "firmware-missing" ? `the vault lacks ${verdict.missing.join(", ")}` : verdict?.is;
      return tell(who, rule, because ?? "it was not judged");
    }
    const others = parts.tracker.all().filter(({ migration }) => migration.job === job).length;
    await parts.store.putPhones([phone]);
    const migration = migrationOf(who.mac, plan, order, waveOfNewcomer(others, rule.wave), who.at);
    const line = enrolledLine(who.mac, plan, who.at);
    await parts.tracker.enrol(migration, [{ ...line, detail: `${line.detail}, by the rule ${rule.name}` }]);
    parts.note({ event: line.event, detail: `${line.detail}, by the rule ${rule.name}`, mac: who.mac, ip: who.ip });
  }

  function tell(who: Speaker, rule: MigrationRule, because: string): void {
    parts.note({ event: "migration.not-begun", detail: `rule ${rule.name}: ${because}`, mac: who.mac, ip: who.ip });
  }

  return {
    async seen(who, model) {
      const before = decided.get(who.mac);
      if (idle || (before !== undefined && who.at - before < decidedFor)) return;
      decided.delete(who.mac);
      decided.set(who.mac, who.at);
      if (decided.size > mostRemembered) decided.delete(decided.keys().next().value as Mac);
      // One at a time, so that the first of a job is the only one that goes first.
      const own = turn
        .then(() => decide(who, model))
        .catch((error: unknown) => {
          const detail = error instanceof Error ? error.message : "unknown failure";
          parts.note({ event: "store.failed", detail, mac: who.mac });
        });
      turn = own;
      await own;
    },
  };
}

async function isNew(store: Store, { mac, at }: Speaker): Promise<boolean> {
  const seen = await store.sightings(mac, SIGHTINGS_KEPT);
  const first = seen.at(-1);
  return seen.length < SIGHTINGS_KEPT && (first === undefined || at - first.at < newFor);
}
