import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The package's own root: data folders stand there, beside `src/` in a checkout and beside `dist/` once installed. */
const root = new URL("../../", import.meta.url);

/** A file or folder that is shipped with the package, e.g. `firmware-manifests`. */
export function shipped(name: string): string {
  return fileURLToPath(new URL(name, root));
}

/** The version in package.json. */
export function version(): string {
  const { version } = JSON.parse(readFileSync(shipped("package.json"), "utf8")) as { version: string };
  return version;
}

/** The commented example of a provision.yaml. */
export function exampleConfiguration(): string {
  return readFileSync(shipped("examples/provision.yaml"), "utf8");
}
