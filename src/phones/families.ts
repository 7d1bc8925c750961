import { cisco7940 } from "./cisco-7940.ts";
import { ciscoAta } from "./cisco-ata.ts";
import { cisco69xx, cisco894x, ciscoJava } from "./cisco-java.ts";
import type { Family, Model } from "./family.ts";
import { polycom } from "./polycom.ts";

/** Every family the product knows. */
export const families: readonly Family[] = [cisco7940, ciscoJava, cisco69xx, cisco894x, ciscoAta, polycom];

/**
 * The model a person means: `7960`, `7960G`, `CP-7960G`, `IP Phone 7960`, `Cisco 7960`, any case (contract.md §3).
 * Undefined when no family has it.
 */
export function modelOf(text: string): Model | undefined {
  return byName.get(plain(text));
}

/** The family of that id. */
export function familyOf(id: string): Family | undefined {
  return families.find((family) => family.id === id);
}

function plain(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "")
    .replace(/^(?:cisco|polycom|poly)/, "")
    .replace(/^(?:systems)?(?:unified)?(?:ipphone|phone)/, "")
    .replace(/^cp/, "");
}

// Asked for every DHCP message that names a model. Where two families share a name, the first one has it.
const byName: ReadonlyMap<string, Model> = new Map(
  families
    .flatMap(({ models }) => models)
    .flatMap((model) => [model.id, ...model.aliases].map((name) => [plain(name), model] as const))
    .toReversed(),
);
