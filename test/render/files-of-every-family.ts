import { RENDERED_FILES, type RenderedFile } from "../../src/phones/boot-files.ts";
import { modelOf } from "../../src/phones/families.ts";
import type { Model } from "../../src/phones/family.ts";
import type { RenderRequest } from "../../src/render/render.ts";
import { phone, release, request, sccp31, sccp812, sip23, sip812 } from "./sample.ts";

/** A kind of phone at a generation of its firmware, as a file is rendered for it. */
export interface Generation {
  readonly name: string;
  readonly family: string;
  readonly model: Model;
  readonly release: ReturnType<typeof release>;
}

const sip = (load: string, version: string, file?: string) => withFile(load, "SIP", version, file);
const sccp = (load: string, version: string, file?: string) => withFile(load, "SCCP", version, file);

/** One row for each family, protocol and generation whose files differ. */
export const GENERATIONS: readonly Generation[] = [
  row("7940 SIP 2.3", "7940", sip23),
  row("7960 SIP 4.4", "7960", sip("P0S3-04-4-00", "4.4")),
  row("7960 SIP 6.3", "7960", sip("P0S3-06-3-00", "6.3")),
  row("7960 SIP 7.4", "7960", { ...sip("P0S3-07-4-00", "7.4"), loader: "P003-07-4-00" }),
  row("7960 SIP 8.12", "7960", sip812),
  row("7960 SCCP 3.1", "7960", sccp31),
  row("7960 SCCP 8.1", "7960", sccp812),
  row("7970 SIP 8.0", "7970", sip("SIP70.8-0-3S", "8.0(3)")),
  row("7941 SIP 8.5", "7941", sip("SIP41.8-5-4S", "8.5(4)")),
  row("7975 SIP 9.4", "7975", sip("SIP75.9-4-2SR4-3S", "9.4(2)SR4")),
  row("7941 SCCP 8.3", "7941", sccp("SCCP41.8-3-1S", "8.3(1)")),
  row("7965 SCCP 9.4", "7965", sccp("SCCP45.9-4-2SR3-1S", "9.4(2)SR3")),
  row("6961 SIP 9.4", "6961", sip("SIP69xx.9-4-1-3", "9.4(1)")),
  row("6921 SCCP 9.4", "6921", sccp("SCCP69xx.9-4-1-3", "9.4(1)")),
  row("8945 SIP 9.4", "8945", sip("SIP894x.9-4-2SR3-1", "9.4(2)SR3")),
  row("8941 SCCP 9.4", "8941", sccp("SCCP894x.9-4-2SR3-1", "9.4(2)SR3")),
  row("7912 SIP 8.0", "7912", sip("CP7912080001SIP060412A", "8.0(1)", "CP7912080001SIP060412A.sbin")),
  row("7905 SIP 1.0", "7905", sip("CP7905010000SIP040303A", "1.0(0)", "CP7905010000SIP040303A.zup")),
  row("7902 SCCP 8.0", "7902", sccp("CP7902080002SCCP060817A", "8.0(2)", "CP7902080002SCCP060817A.sbin")),
  row("7912 SCCP 8.0", "7912", sccp("CP7912080003SCCP070409A", "8.0(3)", "CP7912080003SCCP070409A.sbin")),
  row("ATA186 SIP 2.16", "ATA186", sip("ATA021600SIP030402A", "2.16(0)", "ATA021600SIP030402A.zup")),
  row("ATA188 SIP 3.1", "ATA188", sip("ATA030100SIP040211A", "3.1(0)", "ATA030100SIP040211A.zup")),
  row("ATA186 SCCP 3.2", "ATA186", sccp("ATA030204SCCP090202A", "3.2(4)", "ATA030204SCCP090202A.zup")),
  row("SPIP500 SIP 2.1", "SPIP500", sip("SPIP500.2.1.3.0001", "2.1.3.0001", "sip.ld")),
  row("SPIP601 SIP 3.1", "SPIP601", sip("SPIP601.3.1.8.0070", "3.1.8.0070", "2345-11605-001.sip.ld")),
  row("SPIP430 SIP 3.2", "SPIP430", sip("SPIP430.3.2.7.0198", "3.2.7.0198", "2345-11402-001.sip.ld")),
  row("SPIP330 SIP 3.3", "SPIP330", sip("SPIP330.3.3.5.0247", "3.3.5.0247", "2345-12200-001.sip.ld")),
  row("SPIP650 UCS 4.0", "SPIP650", sip("SPIP650.4.0.15.1009", "4.0.15.1009", "2345-12600-001.sip.ld")),
  row("VVX410 UCS 5.9", "VVX410", sip("VVX410.5.9.8.5760", "5.9.8.5760", "3111-46162-001.sip.ld")),
  row("VVX411 UCS 6.4", "VVX411", sip("VVX411.6.4.6.2494", "6.4.6.2494", "3111-48450-001.sip.ld")),
];

/** The files that a generation reads: those of its templates' folder. */
export function filesOf({ family }: Generation): readonly RenderedFile[] {
  const folder = family === "cisco-69xx" || family === "cisco-894x" ? "cisco-java" : family;
  return RENDERED_FILES.filter((file) => file.folder === folder);
}

/** A request for one file of a generation. */
export function requestFor(generation: Generation, kind: string, changes: Partial<RenderRequest> = {}): RenderRequest {
  const { family, model, release: running } = generation;
  const lines = phone.lines.slice(0, model.lines);
  // The phone is told its loader by this file alone (cisco.md §2.1).
  const load = kind === "os79xx" ? (running.loader ?? running.load) : running.load;
  return request(kind, { family, model, release: running, load, phone: { ...phone, lines }, ...changes });
}

function row(name: string, id: string, running: Generation["release"]): Generation {
  const model = modelOf(id);
  if (model === undefined) throw new Error(`no model ${id}`);
  return { name, family: model.family, model, release: running };
}

function withFile(load: string, protocol: "SIP" | "SCCP", version: string, file?: string): Generation["release"] {
  const made = release(load, protocol, version);
  return file === undefined ? made : { ...made, files: [{ name: file, role: "application", signed: true }] };
}
