import type { Planned } from "../migration/migration.ts";
import { admitNewcomer, type MigrationRule, ruleFor, waveOfNewcomer } from "../migration/rules.ts";
import { modelOf } from "../phones/families.ts";
import type { Family, Model } from "../phones/family.ts";
import type { Phone } from "../phones/phone.ts";
import { SIGHTINGS_KEPT, type Store } from "../store/store.ts";
import type { Mac } from "../wire/address.ts";
import { enrolledLine, judge, migrationOf } from "./enrol.ts";
import type { Speaker } from "./evidence.ts";
import type { LackingParts } from "./lacking.ts";
import type { Note } from "./ports.ts";
import type { Tracker } from "./tracker.ts";

export interface NewcomerParts extends LackingParts {
  readonly store: Store;
  readonly tracker: Tracker;
  readonly rules: readonly MigrationRule[];
  readonly families: readonly Family[];
  /** The way of this phone under that rule; undefined where there is none to be asked for. */
  readonly plan: (phone: Phone & { readonly model: string }, rule: MigrationRule) => Planned | undefined;
  readonly note: (note: Note) => void;
}

/** Puts phones under migration that are seen for the first time, where a rule of provision.yaml says so. */
export interface Newcomers {
  /**
   * `model` is what the phone calls itself, if it does: a model id; `asked` the file that it asks for. Never rejects. A
   * phone that the inventory does not know goes only when both agree: one word that may be damaged, or another device's,
   * decides about no firmware.
   */
  seen(who: Speaker, model?: string, asked?: string): Promise<void>;
  /**
   * It asked for an address, and named its model or did not. Whoever never does there goes on no other word: what is left
   * would be one word alone.
   */
  leased(who: Speaker, model: string | undefined): Promise<void>;
  /** It says by DHCP that it is nothing that a phone calls itself. */
  stranger(who: Speaker): void;
}

/** A phone first seen longer ago, in milliseconds, is not new: switching a rule on must not move a standing site. */
const newFor = 24 * 3_600_000;

/** How long a decision stands, in milliseconds, before the phone is looked at again: firmware may have come. */
const decidedFor = 10 * 60_000;

/** Two requests for the first file of a boot that lie closer together, in milliseconds, are one start. */
const startsApart = 60_000;

/** The most phones whose words and decision are remembered. */
const mostRemembered = 100_000;

/** What a phone has shown of itself. */
interface Shown {
  /** Every model that it called itself. */
  readonly said: Set<string>;
  stranger: boolean;
  /** Whether it named its model when it asked for an address; undefined before it asked for one here. */
  namedByDhcp: boolean | undefined;
  /** The families whose phones ask for all that it asked for; undefined before it asked for anything that one knows. */
  families: readonly Family[] | undefined;
  /** It asked for a name that phones of one family alone ask for. */
  telling: boolean;
  starts: number;
  startedAt: number;
  decided: { readonly at: number; readonly model: string | undefined } | undefined;
}

/** Rules that do not work by themselves cost nothing here. */
export function createNewcomers(parts: NewcomerParts): Newcomers {
  const idle = !parts.rules.some(({ auto }) => auto);
  const remembered = new Map<Mac, Shown>();
  let turn: Promise<unknown> = Promise.resolve();

  function shownBy({ mac, at }: Speaker, model: string | undefined, asked: string | undefined): Shown {
    const before = remembered.get(mac);
    const shown: Shown = before ?? {
      said: new Set(),
      stranger: false,
      namedByDhcp: undefined,
      families: undefined,
      telling: false,
      starts: 0,
      startedAt: Number.NEGATIVE_INFINITY,
      decided: undefined,
    };
    remembered.delete(mac);
    remembered.set(mac, shown);
    if (remembered.size > mostRemembered) remembered.delete(remembered.keys().next().value as Mac);
    // Two that differ are a contradiction; more would only take memory.
    if (model !== undefined && shown.said.size < 2) shown.said.add(model);
    if (asked !== undefined) hear(shown, asked, at);
    return shown;
  }

  function hear(shown: Shown, asked: string, at: number): void {
    const fits = fitting(asked);
    if (fits.length === 0) return;
    shown.families = (shown.families ?? parts.families).filter((family) => fits.includes(family));
    shown.telling ||= fits.length === 1;
    if (fits.some((family) => family.named(asked)?.clue.is === "boot") && at - shown.startedAt >= startsApart) {
      shown.starts += 1;
      shown.startedAt = at;
    }
  }

  const fitting = (name: string) => parts.families.filter((family) => family.named(name) !== undefined);
  /** Families with names of their own in a boot: their phones have to have asked for one. */
  const tellable = new Set(
    parts.families
      .flatMap(({ printed }) => Object.values(printed).map((name) => name.replace(/<MAC>/i, "000000000001")))
      .map(fitting)
      .flatMap((fits) => (fits.length === 1 ? fits.map(({ id }) => id) : [])),
  );

  /**
   * The model that a phone's words and its files agree on. Where a family has no names of its own, the shared ones have to
   * fill a whole boot.
   */
  function agreedOn({ said, stranger, namedByDhcp, families, telling, starts }: Shown): Model | undefined {
    const [only, ...others] = said;
    const model = modelOf(only ?? "");
    if (model === undefined || others.length > 0 || stranger || namedByDhcp === false) return undefined;
    if (!telling && (tellable.has(model.family) || starts < 2)) return undefined;
    return families?.some(({ id }) => id === model.family) === true ? model : undefined;
  }

  async function decide(who: Speaker, shown: Shown): Promise<void> {
    if (parts.tracker.of(who.mac) !== undefined || !(await isNew(parts.store, who))) return;
    const known = await parts.store.phone(who.mac);
    const phone: Phone = known ?? { mac: who.mac, lines: [], settings: {} };
    const model = phone.model === undefined ? agreedOn(shown) : modelOf(phone.model);
    if (model !== undefined && [...shown.said].some((said) => said !== model.id)) return;
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
    await parts.tracker.holding([who.mac], async (enrol) => {
      const [verdict] = await judge(parts, order);
      if (verdict?.is !== "ready") {
        const because = verdict?.is === "firmware-missing" ? verdict.because : verdict?.is;
        return tell(who, rule, because ?? "it was not judged");
      }
      const others = parts.tracker.all().filter(({ migration }) => migration.job === job).length;
      await parts.store.putPhones([phone]);
      const migration = migrationOf(who.mac, plan, order, waveOfNewcomer(others, rule.wave), who.at);
      const line = enrolledLine(who.mac, plan, who.at);
      await enrol(migration, [{ ...line, detail: `${line.detail}, by the rule ${rule.name}` }]);
      parts.note({ event: line.event, detail: `${line.detail}, by the rule ${rule.name}`, mac: who.mac, ip: who.ip });
    });
  }

  function tell(who: Speaker, rule: MigrationRule, because: string): void {
    parts.note({ event: "migration.not-begun", detail: `rule ${rule.name}: ${because}`, mac: who.mac, ip: who.ip });
  }

  async function consider(who: Speaker, shown: Shown): Promise<void> {
    const { decided } = shown;
    const now = { at: who.at, model: agreedOn(shown)?.id };
    if (decided !== undefined && decided.model === now.model && who.at - decided.at < decidedFor) return;
    shown.decided = now;
    // One at a time, so that the first of a job is the only one that goes first.
    const own = turn
      .then(() => decide(who, shown))
      .catch((error: unknown) => {
        const detail = error instanceof Error ? error.message : "unknown failure";
        parts.note({ event: "store.failed", detail, mac: who.mac });
      });
    turn = own;
    await own;
  }

  return {
    stranger(who) {
      if (!idle) shownBy(who, undefined, undefined).stranger = true;
    },
    async leased(who, model) {
      if (idle) return;
      const shown = shownBy(who, model, undefined);
      shown.namedByDhcp = shown.namedByDhcp === true || model !== undefined;
      await consider(who, shown);
    },
    async seen(who, model, asked) {
      if (!idle) await consider(who, shownBy(who, model, asked));
    },
  };
}

async function isNew(store: Store, { mac, at }: Speaker): Promise<boolean> {
  const seen = await store.sightings(mac, SIGHTINGS_KEPT);
  const first = seen.at(-1);
  return seen.length < SIGHTINGS_KEPT && (first === undefined || at - first.at < newFor);
}
