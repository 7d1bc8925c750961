import type { Ipv4, Mac } from "../../wire/address.ts";
import { tftpServerOf } from "../dhcp-client.ts";
import { createPhone, type Phone } from "../phone.ts";
import type { Script, Self } from "../script.ts";
import { type Asking, again, ask, askEach, fault, settle, show, take } from "../steps.ts";
import type { TftpManner } from "../tftp-client.ts";
import { HARDWARE, imageIdOf, readAtaImage } from "./images.ts";
import { readProfile, type UpgradeCode } from "./profile.ts";

/** What a 7902, 7905, 7912 or ATA keeps without power. */
export interface FlashAta {
  readonly load: string;
  /** Whether its load checks signatures: SIP from 1.1 on (cisco.md §5.1 R3). */
  readonly checksSignatures: boolean;
  /** A write that lost its power: the file it asks for again (grade D). */
  readonly torn?: { readonly file: string; readonly load: string };
}

/**
 * A phone that has run `load` for years. Signatures came with 1.1 (cisco.md §5.1 R3); the ATA's images are `.zup` alone,
 * and it checks none.
 */
export function ataFlashWith(load: string): FlashAta {
  const version = /^CP79\d{2}(\d{2})(\d{2})/.exec(load);
  return { load, checksSignatures: version !== null && Number(version[1]) * 100 + Number(version[2]) >= 101 };
}

/** A model of this family. */
export type AtaModel = keyof typeof HARDWARE;

/** The letters before the MAC in the name of a profile (cisco.md §2.3). */
const PROFILE: Record<AtaModel, string> = { "7902": "ff", "7905": "ld", "7912": "gk", ATA: "ata" };
/** Only the strings of the 7905 and 7912 are recorded, without NUL (cisco.md §8); the others follow them (D). */
const OPTION60: Record<AtaModel, string> = {
  "7902": "Cisco Systems, Inc. IP Phone 7902",
  "7905": "Cisco Systems, Inc. IP Phone 7905",
  "7912": "Cisco Systems, Inc. IP Phone 7912",
  ATA: "Cisco Systems, Inc. ATA",
};
/** Their retry times are not recorded; those of the 7940 stand in (D). */
const MANNER: TftpManner = { trailingNul: false, retryAfter: 4000, triesPerPort: 5, ports: 3 };
const LONGEST_NAME = 31;

type Step = Script<FlashAta>;

interface Boot extends Asking {
  readonly mac: Mac;
  readonly model: AtaModel;
  readonly flash: FlashAta;
  readonly self: Self;
  readonly server: Ipv4 | undefined;
}

/** A simulated 7902, 7905, 7912 or ATA. */
export function createCiscoAta(mac: Mac, model: AtaModel, seed: number): Phone<FlashAta> {
  return createPhone(
    mac,
    {
      boot: (flash, self) => boot({ mac, model, flash, self, server: undefined, manner: MANNER }),
      running: (flash) => (flash.torn === undefined ? flash.load : undefined),
    },
    seed,
  );
}

function boot(phone: Boot): Step {
  return show("Configuring IP", () =>
    take(phone, 2000, 5000, "post", () => ({
      does: "lease",
      manner: { mac: phone.mac, vendorClass: OPTION60[phone.model], wants: [1, 3, 6, 15, 66, 150] },
      next: (network) => {
        const placed = { ...phone, server: tftpServerOf(network) };
        const { torn } = phone.flash;
        return torn === undefined ? readFiles(placed) : load(placed, placed, [torn.file], torn.load, fault);
      },
    })),
  );
}

/** The CallManager files come first on an SCCP load; then the profile, and without it the default (cisco.md §2.3). */
function readFiles(phone: Boot): Step {
  const own = PROFILE[phone.model];
  const sccp = /SCCP/i.test(phone.flash.load)
    ? [`SEP${phone.mac}.cnf.xml`, "XMLDefault.cnf.xml", "SEPDefault.cnf"]
    : [];
  return askEach(phone, sccp, () =>
    ask(phone, `${own}${phone.mac}`, (mine) =>
      mine.is === "whole"
        ? obey(phone, mine.octets)
        : ask(phone, `${own}default.cfg`, (def) =>
            def.is === "whole"
              ? obey(phone, def.octets)
              : sccp.length > 0
                ? settle("registering")
                : fault("No profile"),
          ),
    ),
  );
}

function obey(phone: Boot, octets: Uint8Array): Step {
  const profile = readProfile(octets);
  if (profile === undefined) return fault("Invalid profile");
  const { upgrade } = profile;
  if (upgrade === undefined || !wants(phone, upgrade)) return settle("registering");
  const from: Asking = { server: upgrade.server ?? phone.server, port: upgrade.port, manner: phone.manner };
  const name = upgrade.file.replace(/\.\w+$/, "");
  return load(phone, from, filesFor(phone, upgrade.file), name, (screen) => show(screen, () => settle("registering")));
}

/** Policy 3 takes whatever differs; the others only what is newer (cisco.md §6.1). */
function wants(phone: Boot, upgrade: UpgradeCode): boolean {
  if (upgrade.hardware !== HARDWARE[phone.model] || upgrade.file.length > LONGEST_NAME) return false;
  const own = imageIdOf(phone.flash.load) ?? 0;
  return upgrade.policy === 3 ? upgrade.imageId !== own : upgrade.imageId > own;
}

/** Which endings a phone asks for, whatever its profile says (cisco.md §5.4). */
function filesFor(phone: Boot, file: string): readonly string[] {
  const stem = file.replace(/\.\w+$/, "");
  if (phone.model === "7912") return [`${stem}.sbin`];
  if (phone.model !== "7905") return [file];
  return phone.flash.checksSignatures ? [`${stem}.sbin`] : [`${stem}.zup`, `${stem}.sbin`];
}

function load(
  phone: Boot,
  from: Asking,
  files: readonly string[],
  name: string,
  otherwise: (screen: string) => Step,
): Step {
  const [file, ...others] = files;
  if (file === undefined) return otherwise("File Not Found");
  return show("Upgrading", () =>
    ask(from, file, (fetched) => {
      if (fetched.is !== "whole") return load(phone, from, others, name, otherwise);
      const image = readAtaImage(fetched.octets);
      const right = image?.sound === true && image.hardware === HARDWARE[phone.model];
      if (phone.flash.checksSignatures && !(right && image.signedName === file)) {
        return otherwise("Image Authentication Failed");
      }
      const whole: FlashAta = {
        load: name,
        checksSignatures: phone.flash.checksSignatures || image?.signedName !== undefined,
      };
      const torn: FlashAta = { ...phone.flash, torn: { file, load: name } };
      // An image that is damaged or for other hardware is written by a phone that checks nothing (grade D).
      return { does: "write", ms: 20_000, torn, whole, next: right ? again : () => ({ does: "die", why: file }) };
    }),
  );
}
