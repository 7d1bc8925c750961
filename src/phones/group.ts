import type { Model } from "./family.ts";
import type { Phone } from "./phone.ts";
import type { Group } from "./site.ts";

/** Settings of one phone, and for each where it came from: `phone`, `group NAME`, or `group NAME, profile NAME`. */
export interface PhoneSettings {
  readonly settings: Readonly<Record<string, string>>;
  readonly origin: Readonly<Record<string, string>>;
}

/**
 * The settings that hold for a phone: its own first, then those of the groups that select it, the group with the most
 * selectors first and of equals the one whose name sorts first by code point. `model` is undefined while nothing has
 * named it; groups that select by model or family then do not fit.
 */
export function settingsOf(phone: Phone, model: Model | undefined, groups: readonly Group[]): PhoneSettings {
  const settings: Record<string, string> = Object.create(null);
  const origin: Record<string, string> = Object.create(null);
  for (const layer of layersOf(phone, model, groups)) {
    for (const [name, value] of Object.entries(layer.settings)) {
      if (Object.hasOwn(settings, name)) continue;
      settings[name] = value;
      origin[name] = layer.from;
    }
  }
  return { settings, origin };
}

/** Settings, and who says them. */
export interface Layer {
  readonly from: string;
  readonly settings: Readonly<Record<string, string>>;
}

/** Whoever sets anything for a phone, the one that wins first: itself, then each group and that group's profile. */
export function layersOf(phone: Phone, model: Model | undefined, groups: readonly Group[]): readonly Layer[] {
  return [
    { from: "phone", settings: phone.settings },
    ...groupsOf(phone, model, groups).flatMap(({ name, settings, profile }) => [
      { from: `group ${name}`, settings },
      ...(profile === undefined
        ? []
        : [{ from: `group ${name}, profile ${profile.name}`, settings: profile.settings }]),
    ]),
  ];
}

/** The groups that select a phone, the one that wins first. */
export function groupsOf(phone: Phone, model: Model | undefined, groups: readonly Group[]): readonly Group[] {
  return groups
    .filter((group) => isSelected(group.select, phone, model))
    .sort((a, b) => selectors(b) - selectors(a) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

function selectors(group: Group): number {
  return Object.values(group.select).filter((wanted) => wanted !== undefined).length;
}

/** Whether every selector that is given fits the phone; `model` is undefined while nothing has named it. */
export function isSelected(select: Group["select"], phone: Phone, model: Model | undefined): boolean {
  return (
    (select.model === undefined || (model !== undefined && isCalled(model, select.model))) &&
    (select.family === undefined || select.family === model?.family) &&
    (select.macPrefix === undefined || phone.mac.startsWith(select.macPrefix.toLowerCase().replace(/[:.-]/g, ""))) &&
    (select.group === undefined || select.group === phone.group) &&
    (select.label === undefined || select.label === phone.label)
  );
}

function isCalled(model: Model, text: string): boolean {
  const bare = (name: string) => name.toLowerCase().replace(/[\s-]/g, "");
  return [model.id, ...model.aliases].some((name) => bare(name) === bare(text));
}
