import { randomUUID } from "node:crypto";
import type { Received } from "../http/control-requests.ts";
import type { Planned } from "../migration/migration.ts";
import type { PlanJson } from "../migration/plan-document.ts";
import { type MigrationRule, ruleFor } from "../migration/rules.ts";
import { modelOf } from "../phones/families.ts";
import type { Model } from "../phones/family.ts";
import type { Phone } from "../phones/phone.ts";
import { type EnrolOrder, enrol, judge, type Verdict } from "../provision/enrol.ts";
import { mapInPieces } from "../provision/in-pieces.ts";
import { mapInTurns, nextTurn } from "../store/turns.ts";
import { type Mac, macWithColons, parseMac } from "../wire/address.ts";
import type { Core } from "./core.ts";
import { failure } from "./failure.ts";
import { createPlanner, type Planner, readModel } from "./knowledge.ts";
import { planDocument } from "./plan-report.ts";

/** What would become, or became, of one phone. */
export interface Enrolled {
  readonly mac: string;
  readonly verdict: Verdict["is"] | "already-there" | "no-path";
  /** The rule of provision.yaml that says where it goes. */
  readonly rule?: string;
  /** Of a phone that is ready: which wave it goes with, from 1. */
  readonly wave?: number;
  /** Why it does not go. */
  readonly because?: string;
  /** Which of the answer's plans is its own. */
  readonly plan: number;
}

/** What becomes of an order. */
export interface MigrateAnswer {
  readonly enrolled: boolean;
  /** Names the job: `provision report JOB`. */
  readonly job: string;
  /** Each plan once, however many phones go by it. */
  readonly plans: readonly PlanJson[];
  readonly phones: readonly Enrolled[];
}

/**
 * Plans every phone that the request names and, with `enrol`, puts them all under migration, or none where any cannot
 * go. Throws `E_NO_PHONES`, `E_PHONE_UNKNOWN` and what {@link Planner} throws.
 */
export async function migrate(core: Core, request: Received<"migrate">): Promise<MigrateAnswer> {
  const phones = await phonesOf(core, request);
  const planner = createPlanner(core.known);
  const planned = await mapInTurns(phones, (phone) => ({ phone, ...planOf(core, planner, phone, request) }));
  const going = planned.flatMap(({ phone, planned }) =>
    planned.kind === "plan" ? [{ mac: phone.mac, plan: planned.plan, running: phone.running }] : [],
  );
  const stuck = planned.some(({ planned }) => planned.kind === "no-path");
  const order = orderOf(request, going);
  const agreed = new Set(planned.filter(({ rule }) => rule?.acceptOneWay === true).map(({ phone }) => phone.mac));
  const verdicts =
    request.enrol && !stuck ? await enrol(core, order, core.now(), agreed) : await judge(core, order, agreed);
  const byMac = new Map(verdicts.map((verdict) => [verdict.mac, verdict]));
  const numbers = new Map<Planned, number>();
  const plans: PlanJson[] = [];
  for (const { model, planned: one } of planned) {
    if (numbers.has(one)) continue;
    numbers.set(one, plans.length);
    plans.push(await planDocument(core, model.id, one));
    await nextTurn();
  }
  const answers = await mapInTurns(planned, ({ phone, planned, rule }) => ({
    ...answerFor(phone.mac, planned, byMac.get(phone.mac)),
    ...(rule === undefined ? {} : { rule: rule.name }),
    plan: numbers.get(planned) as number,
  }));
  const willing = verdicts.every(({ is }) => is === "ready" || is === "on-its-way");
  return { enrolled: request.enrol && !stuck && willing, job: order.job, plans, phones: answers };
}

async function phonesOf(core: Core, request: Received<"migrate">): Promise<readonly Phone[]> {
  const inventory = await core.store.phones();
  const model = request.model === undefined ? undefined : readModel(request.model).id;
  if (request.to === undefined) return ruledPhones(core, request, inventory);
  if (request.macs.length > 0) {
    const named = new Map(inventory.map((phone) => [phone.mac, phone]));
    return [...new Set(request.macs)].map((mac) => knownAs(named.get(mac), mac, model));
  }
  const chosen = inventory.filter(
    (phone) =>
      (model === undefined || modelOf(phone.model ?? "")?.id === model) &&
      (request.group === undefined || phone.group === request.group),
  );
  if (chosen.length > 0 && (model !== undefined || request.group !== undefined)) return chosen;
  throw failure("E_NO_PHONES", 1, {
    where: "the inventory",
    message: `no phone of its ${inventory.length} fits ${[request.model, request.group].filter(Boolean).join(" and ") || "nothing that was asked"}`,
    remedy: "import them (provision phones import FILE.csv), or name one: --mac 00:0e:84:c0:60:a6",
  });
}

/** Without a target, the phones are those that were named, or all, as far as a rule selects them. */
function ruledPhones(core: Core, request: Received<"migrate">, inventory: readonly Phone[]): readonly Phone[] {
  const wanted = request.model === undefined ? undefined : readModel(request.model).id;
  const named = new Set(request.macs);
  const chosen = inventory.filter((phone) => {
    const model = modelOf(phone.model ?? "");
    return (
      model !== undefined &&
      (named.size === 0 || named.has(phone.mac)) &&
      (wanted === undefined || model.id === wanted) &&
      (request.group === undefined || phone.group === request.group) &&
      ruleFor(phone, model, core.config.migrations) !== undefined
    );
  });
  if (chosen.length > 0 && (named.size === 0 || chosen.length === named.size)) return chosen;
  throw failure("E_NO_PHONES", 1, {
    where: core.config.file ?? "provision.yaml",
    message:
      named.size > chosen.length && chosen.length > 0
        ? "no rule of `migrations` selects some of these phones"
        : "no rule of `migrations` selects any of these phones",
    remedy: "say where they go (--to sip), or write a rule below migrations: { name, select, target }",
  });
}

function knownAs(phone: Phone | undefined, mac: Mac, model: string | undefined): Phone {
  if (phone === undefined) {
    throw failure("E_PHONE_UNKNOWN", 1, {
      where: macWithColons(mac),
      message: "this phone is not in the inventory",
      remedy: `add it: provision phones add --mac ${macWithColons(mac)} --model 7960`,
    });
  }
  const known = phone.model === undefined ? model : modelOf(phone.model)?.id;
  if (known !== undefined && (model === undefined || known === model)) return { ...phone, model: known };
  throw failure("E_PHONE_MODEL", 1, {
    where: macWithColons(mac),
    message:
      known === undefined
        ? "the inventory does not know its model"
        : `the inventory says it is a ${known}, not a ${model}`,
    remedy: "name the model (--model), or correct the inventory (provision phones add --replace)",
  });
}

interface PlannedPhone {
  readonly model: Model;
  readonly planned: Planned;
  readonly rule?: MigrationRule;
}

function planOf(core: Core, planner: Planner, phone: Phone, request: Received<"migrate">): PlannedPhone {
  const model = phone.model ?? "";
  const from = phone.running ?? request.from;
  const rule = request.to === undefined ? ruleFor(phone, modelOf(model), core.config.migrations) : undefined;
  const { to = rule?.target ?? "" } = request;
  const planned = planner({ model, from, to, policy: rule?.policy ?? request.policy });
  return { ...planned, ...(rule === undefined ? {} : { rule }) };
}

function orderOf(request: Received<"migrate">, phones: EnrolOrder["phones"]): EnrolOrder {
  const { wave, together, startAt, acceptOneWay, stopAfter, until, transfers } = request;
  if (wave !== undefined && together) {
    const remedy = "give one of them: --wave 10 after the canaries, or --together without any";
    throw failure("E_USAGE", 2, { where: "--together", message: "phones go in waves or together", remedy });
  }
  if (until !== undefined && until <= startAt) {
    const remedy = "give an end that lies after the beginning: --at 22:00 --until +6h";
    throw failure("E_USAGE", 2, { where: "--until", message: "these hours end before they begin", remedy });
  }
  const hours = {
    ...(until === undefined ? {} : { until }),
    ...(until !== undefined && request.everyDay ? { everyDay: true as const } : {}),
  };
  return {
    phones,
    together,
    job: randomUUID(),
    startAt,
    acceptOneWay,
    hours,
    stopAfter,
    restart: request.restart,
    ...(wave === undefined ? {} : { wave }),
    ...(transfers === undefined ? {} : { transfers }),
  };
}

function answerFor(mac: Mac, planned: Planned, verdict: Verdict | undefined): Omit<Enrolled, "plan"> {
  const named = macWithColons(mac);
  if (planned.kind === "already-there") return { mac: named, verdict: "already-there" };
  if (planned.kind === "no-path" || verdict === undefined) {
    const because =
      planned.kind === "no-path" ? planned.because.map((why) => why.reason).join("; ") : "it was not judged";
    return { mac: named, verdict: "no-path", because };
  }
  switch (verdict.is) {
    case "ready":
      return { mac: named, verdict: verdict.is, wave: verdict.wave };
    case "on-its-way":
      return { mac: named, verdict: verdict.is };
    case "busy":
      return { mac: named, verdict: verdict.is, because: verdict.because };
    case "one-way":
      return { mac: named, verdict: verdict.is, because: `after ${verdict.load} no way leads back` };
    case "firmware-missing":
      return { mac: named, verdict: verdict.is, because: verdict.because };
  }
}

/** What became of a wish for one phone. */
export interface Wished {
  readonly mac: string;
  readonly state: string;
}

/** Holds, continues or ends migrations. Throws `E_NOT_ENROLLED` for a phone that has none, and changes nothing then. */
export async function wish(core: Core, request: Received<"wish">): Promise<{ readonly phones: readonly Wished[] }> {
  const active = core.tracker.all().filter(({ migration }) => !ended(migration.progress.at));
  const macs = request.all ? active.map(({ migration }) => migration.mac) : request.macs;
  for (const mac of macs) {
    if (core.tracker.of(mac) !== undefined) continue;
    const remedy = "see who is: provision status";
    throw failure("E_NOT_ENROLLED", 1, { where: macWithColons(mac), message: "this phone is not enrolled", remedy });
  }
  // Many at once: the stop of a whole building must not wait for a thousand writes one after the other.
  const phones = await mapInPieces([...new Set(macs)], async (mac): Promise<Wished> => {
    const moved = request.dryRun
      ? undefined
      : await core.tracker.advance(mac, { is: "wish", wish: request.wish }, core.now());
    const migration = (moved?.tracked ?? core.tracker.of(mac))?.migration;
    return { mac: macWithColons(parseMac(mac) ?? mac), state: migration === undefined ? "" : stateOf(migration) };
  });
  return { phones };
}

function ended(at: string): boolean {
  return at === "done" || at === "cancelled";
}

function stateOf({ progress, wish }: { readonly progress: { readonly at: string }; readonly wish: string }): string {
  if (ended(progress.at) || wish === "go") return progress.at;
  return progress.at === "waiting"
    ? "paused"
    : `${progress.at}, ${wish === "pause" ? "pauses" : "ends"} after this stage`;
}
