/** What of a Polycom model its boot depends on (polycom.md §3, §4.1). */
export interface PolycomModel {
  /** The suffix in master files, e.g. `SPIP601`. */
  readonly tag: string;
  /** Prefix of its split images, e.g. `2345-11605-001`; for two old models no source gives it. */
  readonly part: string | undefined;
  /** The first release that the model cannot run, as major.minor. */
  readonly endsBefore: string;
  /** The BootROM without which its later SIP 3.x releases do not start. */
  readonly leastBootRom: string;
  /** The BootROM or Updater without which UC Software 4.0 is not installed; absent where it comes with the phone. */
  readonly upgrader?: string;
}

/** What an image says that it is for: the part number, or the tag where that is not known. */
export function imageMark({ part, tag }: PolycomModel): string {
  return part ?? tag;
}

function model(
  tag: string,
  part: string | undefined,
  endsBefore: string,
  leastBootRom: string,
  upgrader?: string,
): PolycomModel {
  return upgrader === undefined
    ? { tag, part, endsBefore, leastBootRom }
    : { tag, part, endsBefore, leastBootRom, upgrader };
}

/** BootROM 4.4.0B, the "Upgrader" for SoundPoint phones, and the Updater for the IP 6000 and 7000 (polycom.md §4.1). */
const [SOUND_POINT, SOUND_STATION] = ["4.4.0", "5.0.0"];

/** The models by their tag. */
export const POLYCOM_MODELS: ReadonlyMap<string, PolycomModel> = new Map(
  [
    model("SPIP300", undefined, "2.2", "0"),
    model("SPIP500", undefined, "2.2", "0"),
    model("SPIP301", "2345-11300-010", "3.2", "2.6.1"),
    model("SPIP501", "2345-11500-030", "3.2", "2.6.1"),
    model("SPIP600", "2345-11600-001", "3.2", "2.6.1"),
    model("SPIP601", "2345-11605-001", "3.2", "3.1.0"),
    model("SSIP4000", "2201-06642-001", "3.2", "3.1.2"),
    model("SPIP430", "2345-11402-001", "3.3", "3.1.3"),
    model("SPIP320", "2345-12200-002", "3.4", "3.2.3"),
    model("SPIP330", "2345-12200-001", "3.4", "3.2.3"),
    model("SPIP321", "2345-12360-001", "4.1", "4.1.3", SOUND_POINT),
    model("SPIP331", "2345-12365-001", "4.1", "4.1.3", SOUND_POINT),
    model("SPIP335", "2345-12375-001", "4.1", "4.2.0", SOUND_POINT),
    model("SPIP450", "2345-12450-001", "4.1", "4.1.2", SOUND_POINT),
    model("SPIP550", "2345-12500-001", "4.1", "4.1.0", SOUND_POINT),
    model("SPIP560", "2345-12560-001", "4.1", "4.1.0", SOUND_POINT),
    model("SPIP650", "2345-12600-001", "4.1", "4.1.0", SOUND_POINT),
    model("SPIP670", "2345-12670-001", "4.1", "4.1.1", SOUND_POINT),
    model("SSIP5000", "3111-30900-001", "4.1", "4.2.2", SOUND_POINT),
    model("SSIP6000", "3111-15600-001", "4.1", "4.1.1", SOUND_STATION),
    model("SSIP7000", "3111-40000-001", "4.1", "4.2.2", SOUND_STATION),
    model("VVX1500", "2345-17960-001", "6.0", "3.0.4"),
    model("VVX300", "3111-46135-002", "6.0", "0"),
    model("VVX310", "3111-46161-001", "6.0", "0"),
    model("VVX400", "3111-46157-002", "6.0", "0"),
    model("VVX410", "3111-46162-001", "6.0", "0"),
    model("VVX500", "3111-44500-001", "6.0", "0"),
    model("VVX600", "3111-44600-001", "6.0", "0"),
    model("VVX301", "3111-48300-001", "7.0", "0"),
    model("VVX311", "3111-48350-001", "7.0", "0"),
    model("VVX401", "3111-48400-001", "7.0", "0"),
    model("VVX411", "3111-48450-001", "7.0", "0"),
    model("VVX501", "3111-48500-001", "7.0", "0"),
    model("VVX601", "3111-48600-001", "7.0", "0"),
  ].map((one) => [one.tag, one] as const),
);
