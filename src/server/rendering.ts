import { type ExplainedSetting, explainSettings } from "../phones/explain.ts";
import type { View } from "../phones/family.ts";
import type { Phone } from "../phones/phone.ts";
import { renderFor } from "../provision/answer-file.ts";
import type { Image } from "../provision/ports.ts";
import type { RenderProblem } from "../render/render.ts";
import { type Mac, macWithColons } from "../wire/address.ts";
import type { Core } from "./core.ts";
import { Failure, failure } from "./failure.ts";

/** What a phone would get, and what the file leaves out because the phone cannot follow it. */
export interface Served {
  readonly octets: Uint8Array;
  readonly notes: readonly RenderProblem[];
}

/** The octets that a phone would get for a name at this moment, or in a stage of its migration. Changes nothing. */
export async function octetsFor(core: Core, name: string, mac: Mac, stage: number | undefined): Promise<Served> {
  const tracked = core.tracker.of(mac);
  const phone = (await core.store.phone(mac)) ?? { mac, lines: [], settings: {} };
  if (tracked === undefined && stage !== undefined) throw notEnrolled(mac);
  if (tracked === undefined) {
    const own = await core.siteFiles.find(name);
    if (own !== undefined) return whole(own);
  }
  const family = tracked?.family ?? familyOf(core, phone);
  const file = family?.named(name);
  if (family === undefined || file === undefined) throw absent(name, mac);
  const view = stage === undefined ? (tracked?.view ?? restingView(core, phone)) : stageView(core, mac, stage);
  const publication = view?.publications.find((one) => one.kind === file.kind);
  if (publication?.answer === "rendered") {
    const rendered = renderFor(
      { ...core, knowledge: core.known, site: core.config.site, groups: core.config.groups },
      phone,
      family,
      publication,
    );
    const standard = rendered.is === "rendered" ? rendered.standard === true : rendered.optional === true;
    const own = standard ? await core.siteFiles.find(name) : undefined;
    if (own !== undefined) return whole(own);
    if (rendered.is === "rendered") return { octets: rendered.octets, notes: rendered.notes ?? [] };
    throw new Failure("E_RENDER", 1, rendered.problems);
  }
  const entry = view?.images.find((one) => one.file === file.canonical);
  const image = entry && (await core.vault.image(family.id, entry.load, entry.file));
  if (image === undefined) throw absent(name, mac);
  return whole(image);
}

/** Every setting that a phone's files are rendered from, with its origin. */
export async function explainedSettings(core: Core, mac: Mac): Promise<readonly ExplainedSetting[]> {
  const phone = (await core.store.phone(mac)) ?? { mac, lines: [], settings: {} };
  const model = familyOf(core, phone)?.models.find(({ id }) => id === phone.model);
  return explainSettings(phone, model, core.config.groups, core.config.site);
}

function familyOf(core: Core, phone: Phone) {
  return core.known.families.find((family) => family.models.some((model) => model.id === phone.model));
}

function restingView(core: Core, phone: Phone): View | undefined {
  const family = familyOf(core, phone);
  const release =
    phone.running === undefined ? undefined : core.known.graph(family?.id ?? "")?.releases.get(phone.running);
  return release && family?.atRest(release);
}

function stageView(core: Core, mac: Mac, number: number): View {
  const stages = core.tracker.of(mac)?.stages ?? [];
  const stage = stages[number - 1];
  if (stage !== undefined) return stage.view.waiting;
  throw failure("E_STAGE_UNKNOWN", 2, {
    where: `--stage ${number}`,
    message: `the migration of ${macWithColons(mac)} has ${stages.length} stages`,
    remedy: `give 1 to ${stages.length}`,
  });
}

async function whole(image: Image): Promise<Served> {
  try {
    return { octets: await image.read(0, image.size), notes: [] };
  } finally {
    await image.close();
  }
}

function notEnrolled(mac: Mac): Failure {
  return failure("E_NOT_ENROLLED", 1, {
    where: macWithColons(mac),
    message: "this phone is not enrolled, so it has no stages",
    remedy: "leave --stage out, or enrol it with `provision migrate`",
  });
}

function absent(name: string, mac: Mac): Failure {
  return failure("E_FILE_ABSENT", 1, {
    where: name,
    message: `${macWithColons(mac)} would be told "file not found"`,
    remedy:
      "that may be meant (a phone being moved must not find the other protocol's files); see `provision phones show`",
  });
}
