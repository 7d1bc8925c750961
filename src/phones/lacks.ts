import type { Protocol } from "../firmware/release.ts";
import { templateFolder } from "./boot-files.ts";
import type { Model } from "./family.ts";
import { type Reader, type SettingProblem, setting } from "./settings.ts";

const KINDS: Readonly<Record<string, string>> = {
  "cisco-7940": "7940",
  "cisco-java": "Java",
  "cisco-ata": "ATA",
  polycom: "Polycom",
};

/** Whether files of a model, under either protocol, can carry a setting with these readers. */
export function reachesModel({ family }: Model, reaches: readonly Reader[]): boolean {
  const kind = KINDS[templateFolder(family)];
  return kind !== undefined && reaches.some((reader) => reader.startsWith(kind));
}

/**
 * Notes on the settings of a phone that its files cannot carry: told, not dropped in silence. `folder` is the family whose
 * files the phone reads, `protocol` the one that its release speaks.
 */
export function lacking(
  folder: string,
  protocol: Protocol,
  settings: Readonly<Record<string, string>>,
): readonly SettingProblem[] {
  const kind = KINDS[folder] ?? folder;
  const reader = (kind === "Polycom" ? kind : `${kind} ${protocol === "SCCP" ? "SCCP" : "SIP"}`) as Reader;
  return Object.keys(settings).flatMap((name) => {
    const row = setting(name);
    if (row === undefined || row.reaches.includes(reader)) return [];
    return [
      {
        setting: name,
        message: "the phone's files have no place for it: left out",
        remedy: row.instead ?? "Set it on the phone, or remove the setting.",
      },
    ];
  });
}
