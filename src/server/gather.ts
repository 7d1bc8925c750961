import { readPhoneFiles } from "../files/phone-files.ts";
import { type Gathered, gatherPhones } from "../phones/gather.ts";

/** The phones that files below these paths describe; what cannot be read is among the notes. `files` counts those that were read. Changes nothing. */
export async function gatherFrom(paths: readonly string[]): Promise<Gathered & { readonly files: number }> {
  const { files, unreadable } = await readPhoneFiles(paths);
  const { phones, notes } = gatherPhones(files);
  return {
    files: files.length,
    phones,
    notes: [...unreadable.map(({ path, why }) => ({ file: path, message: `it cannot be read (${why})` })), ...notes],
  };
}
