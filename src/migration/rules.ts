import type { Policy } from "../firmware/release.ts";
import type { Model } from "../phones/family.ts";
import { isSelected } from "../phones/group.ts";
import type { Phone } from "../phones/phone.ts";
import type { Group } from "../phones/site.ts";
import type { Migration, Planned } from "./migration.ts";

/** One entry of `migrations:` in provision.yaml: where the phones of a group go. */
export interface MigrationRule {
  readonly name: string;
  readonly select: Group["select"];
  /** `sip`, `sccp` or a load. */
  readonly target: string;
  readonly policy: Policy;
  /** The admin's word for steps that no way leads back from. */
  readonly acceptOneWay: boolean;
  /** A phone that is seen for the first time goes by itself. */
  readonly auto: boolean;
  /** Phones at a time after the first one. */
  readonly wave: number;
}

/** The first rule that selects the phone; rules are tried in the order of the file. */
export function ruleFor(
  phone: Phone,
  model: Model | undefined,
  rules: readonly MigrationRule[],
): MigrationRule | undefined {
  return rules.find((rule) => isSelected(rule.select, phone, model));
}

/** What becomes of a phone that was seen, under the rules that work by themselves. */
export type Newcomer = { readonly is: "goes" } | { readonly is: "stays"; readonly because: string };

/**
 * Whether a phone that was just seen goes by itself. Never one of which nobody knows the model, never over a step
 * without a way back unless the rule says so, and never one that an admin or a rule has moved, or stopped, before.
 */
export function admitNewcomer(
  rule: MigrationRule,
  model: Model | undefined,
  before: Migration | undefined,
  planned: Planned | undefined,
): Newcomer {
  const stays = (because: string): Newcomer => ({ is: "stays", because });
  if (!rule.auto) return stays(`the rule ${rule.name} does not work by itself (auto: false)`);
  if (model === undefined) return stays("nobody knows its model");
  if (before !== undefined) return stays("it has a migration already");
  if (planned === undefined || planned.kind === "no-path") return stays(`there is no way to ${rule.target}`);
  if (planned.kind === "already-there") return stays(`it runs ${planned.release.load} already`);
  if (planned.plan.oneWay && !rule.acceptOneWay)
    return stays("a step has no way back, and the rule does not accept that");
  return { is: "goes" };
}

/**
 * The wave of a newcomer: 1 for the first of its job, then `size` at a time. `others` is how many the job has already.
 */
export function waveOfNewcomer(others: number, size: number): number {
  return others === 0 ? 1 : 2 + Math.floor((others - 1) / size);
}
