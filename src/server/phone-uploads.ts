import { join } from "node:path";
import { openSiteFiles } from "../files/site-files.ts";
import { openUploads } from "../files/uploads.ts";
import type { Evidence } from "../provision/evidence.ts";
import type { Neighbourhood, SiteFiles, UploadDesk } from "../provision/ports.ts";
import { mayWrite, withEvidence } from "../provision/uploads.ts";
import type { Config } from "./config.ts";
import type { Known } from "./knowledge.ts";

/** Where phones write their logs and overrides, and read them again: `uploads` in the data folder. */
export async function openPhoneUploads(
  config: Config,
  known: Known,
  around: Neighbourhood,
  evidence: Evidence,
): Promise<{ readonly desk: UploadDesk; readonly files: SiteFiles }> {
  const directory = join(config.data, "uploads");
  const desk = await openUploads({ directory, mayWrite: mayWrite(known.families, around) });
  return { desk: withEvidence(desk, known.families, evidence), files: await openSiteFiles(directory) };
}
