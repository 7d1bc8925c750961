import type { Release } from "../firmware/release.ts";
import { lacking } from "./lacks.ts";
import {
  isOn,
  isSparse,
  Parameters,
  type PolycomParameter,
  type PolycomSource,
  portOf,
  proxyOf,
  transportOf,
  vendorFilesOf,
} from "./polycom-parameters.ts";
import { siteParameters } from "./polycom-site.ts";
import { checkSettings, orStandard, type SettingProblem } from "./settings.ts";

/** What a model that stays on an old release is told by the one master file (polycom.md §2.3; shipped files, grade A). */
export interface PolycomOldModel {
  readonly tag: string;
  readonly application: string;
  /** The vendor's own files of that release, as the admin has to put them into the site's folder. */
  readonly vendorFiles: readonly string[];
}

/** The phone's settings in the words of Polycom's files (polycom.md §2, §6, and the parameter table beside it). */
export interface PolycomWords {
  /** APP_FILE_PATH: without part number, which the phone puts before it; empty where nothing is to be installed. */
  readonly application: string;
  /** CONFIG_FILES after the phone's own and the site's. */
  readonly vendorFiles: readonly string[];
  readonly own: readonly PolycomParameter[];
  readonly common: readonly PolycomParameter[];
  readonly contacts: readonly {
    readonly name: string;
    readonly number: string;
    readonly index: number;
    /** Whether the key's lamp shows what the other phone does, in releases that keep this in the directory. */
    readonly watched: boolean;
  }[];
  readonly oldModels: readonly PolycomOldModel[];
  readonly problems: readonly SettingProblem[];
  readonly notes: readonly SettingProblem[];
}

/** The models that the master files of UCS 4.0.15 name, with the release each stays on. */
const STAY: readonly (readonly [version: string, tags: string])[] = [
  ["213", "SPIP300 SPIP500"],
  ["318", "SPIP301 SPIP501 SPIP600 SPIP601 SSIP4000"],
  ["327", "SPIP430"],
  ["335", "SPIP320 SPIP330"],
];

const OLD_MODELS: readonly PolycomOldModel[] = STAY.flatMap(([version, tags]) =>
  tags.split(" ").map((tag) => ({
    tag,
    application: `sip_${version}.ld`,
    vendorFiles: version === "335" ? [] : [`phone1_${version}.cfg`, `sip_${version}.cfg`],
  })),
);

/** Turns the settings of a phone into the words of Polycom's files. */
export function polycomWords(source: PolycomSource): PolycomWords {
  const problems: SettingProblem[] = [...checkSettings(source.settings)];
  const notes: SettingProblem[] = [...lacking("polycom", source.release.protocol, source.settings)];
  const vendorFiles = vendorFilesOf(source.release);
  if (vendorFiles.length > 0) {
    const message = `SIP ${source.release.version} needs ${vendorFiles.join(" and ")} of exactly its release`;
    notes.push({
      setting: "model",
      message,
      remedy: "Put them into the site's TFTP folder, renamed as they are called here.",
    });
  }
  return {
    application: applicationOf(source.release),
    vendorFiles,
    own: ownParameters(source, problems, notes),
    common: siteParameters(source, problems, notes),
    contacts: contactsOf(source),
    oldModels: OLD_MODELS,
    problems,
    notes,
  };
}

/** A phone asks `<part>.<name>` first, so the name stands without its part number (polycom.md §1.4). */
function applicationOf(release: Release): string {
  const file = release.files.find(({ role }) => role === "application")?.name ?? "";
  return file.replace(/^\d{4}-\d{5}-\d{3}\./, "");
}

/** Registrations: names and limits as in the UCS 4.0 parameter table; they are the same since SIP 1.x. */
function ownParameters(
  source: PolycomSource,
  problems: SettingProblem[],
  notes: SettingProblem[],
): readonly PolycomParameter[] {
  const { phone, model, settings } = source;
  if (phone.lines.length > model.lines) {
    const message = `the phone has ${phone.lines.length} lines, a ${model.id} has keys for ${model.lines}`;
    const remedy = `Remove the lines after line${model.lines}, or correct the model.`;
    problems.push({ setting: `line${model.lines + 1}`, message, remedy });
  }
  const parameters = new Parameters(problems);
  for (const [index, line] of phone.lines.entries()) {
    const reg = `reg.${index + 1}`;
    const own = `line${index + 1}`;
    parameters.put(`${reg}.address`, line.name, own);
    parameters.put(`${reg}.label`, line.label ?? line.name, `${own}_label`);
    parameters.put(`${reg}.displayName`, line.displayName ?? line.name, `${own}_name`);
    parameters.put(`${reg}.auth.userId`, line.authName ?? line.name, `${own}_auth`);
    parameters.put(`${reg}.auth.password`, line.password, `${own}_password`, 256, true);
    parameters.put(`${reg}.type`, "private", own);
    parameters.put(`${reg}.lineKeys`, orStandard(settings, `${own}_keys`), `${own}_keys`);
    parameters.put(`${reg}.server.1.address`, settings[`${own}_proxy`], `${own}_proxy`);
    if (settings[`${own}_proxy`] !== undefined) {
      parameters.put(`${reg}.server.1.port`, settings[`${own}_port`] ?? portOf(source), `${own}_port`);
      parameters.put(`${reg}.server.1.transport`, transportOf(source), "sip_transport");
    }
    const voicemail = settings[`${own}_voicemail`] ?? settings.voicemail;
    if (voicemail !== undefined) {
      const from = settings[`${own}_voicemail`] === undefined ? "voicemail" : `${own}_voicemail`;
      parameters.put(`msg.mwi.${index + 1}.subscribe`, line.name, own, 64);
      parameters.put(`msg.mwi.${index + 1}.callBackMode`, "contact", from);
      parameters.put(`msg.mwi.${index + 1}.callBack`, voicemail, from, 64);
    }
  }
  putWatched(source, parameters, notes);
  return parameters.list;
}

/**
 * Keys whose lamp shows another phone are resources of the attendant (features.cfg of UCS 4.0.15, grade A). Older releases
 * watch contacts of the directory instead.
 */
function putWatched(source: PolycomSource, parameters: Parameters, notes: SettingProblem[]): void {
  const watched = speedDials(source.settings).filter(({ watches }) => watches);
  if (watched.length === 0) return;
  if (!isSparse(source.release)) {
    const message = `SIP ${source.release.version} shows it only where presence is switched on in the vendor's sip.cfg`;
    const remedy = "Set feature.1.enabled there, or leave the lamp out.";
    notes.push({ setting: `speed${watched[0]?.index}_blf`, message, remedy });
    return;
  }
  parameters.put("attendant.reg", "1", "speed");
  for (const [place, { index, number, label }] of watched.entries()) {
    const resource = `attendant.resourceList.${place + 1}`;
    const address = number.includes("@") ? number : `${number}@${source.settings.line1_proxy ?? proxyOf(source) ?? ""}`;
    parameters.put(`${resource}.address`, address, `speed${index}`);
    parameters.put(`${resource}.label`, label, `speed${index}_label`);
    parameters.put(`${resource}.type`, "normal", `speed${index}_blf`);
  }
}

/**
 * Speed dials stand in the phone's directory, numbered from 1. One that watches another phone stands among the attendant's
 * resources instead, or, before SIP 3.3, in the directory with its lamp (`bw`).
 */
function contactsOf({ settings, release }: PolycomSource): PolycomWords["contacts"] {
  return speedDials(settings)
    .filter(({ watches }) => !watches || !isSparse(release))
    .map(({ index, number, label, watches }) => ({ index, number, name: label, watched: watches }));
}

function speedDials(settings: PolycomSource["settings"]) {
  return Object.entries(settings)
    .flatMap(([name, number]) => {
      const index = /^speed(\d+)$/.exec(name)?.[1];
      if (index === undefined) return [];
      return [
        {
          index: Number(index),
          number,
          label: settings[`${name}_label`] ?? number,
          watches: isOn(settings, `${name}_blf`),
        },
      ];
    })
    .sort((a, b) => a.index - b.index);
}
