import type { Release } from "../firmware/release.ts";
import type { Model } from "../phones/family.ts";
import type { Phone } from "../phones/phone.ts";
import type { Site } from "../phones/site.ts";

/** Everything a template may know. */
export interface RenderRequest {
  readonly family: string;
  /** The template: a file kind of the family, e.g. `sip-default`. */
  readonly kind: string;
  readonly site: Site;
  readonly phone: Phone;
  readonly model: Model;
  /** Group and phone settings, the most specific already chosen. */
  readonly settings: Readonly<Record<string, string>>;
  /** The load that the file tells the phone. */
  readonly load: string;
  /** The release behind `load`, or behind the package whose loader `load` is. */
  readonly release: Release;
  /** Only the line that names the load: all that a SIP 2.x phone can read (rule N4). */
  readonly brief: boolean;
}

export interface RenderProblem {
  /** Template or setting, e.g. `templates/cisco-7940/SIPDefault.cnf.hbs:12` or `phone 000e84c060a6, line1_label`. */
  readonly where: string;
  readonly message: string;
  readonly remedy: string;
}

export type Rendered =
  | {
      readonly is: "rendered";
      readonly octets: Uint8Array;
      readonly contentType: string;
      /** Settings that the phone cannot follow and that the file leaves out; absent where there are none. */
      readonly notes?: readonly RenderProblem[];
      /** Nobody configured what the file says: where the site has a file of that name, it goes first. */
      readonly standard?: true;
    }
  | {
      readonly is: "refused";
      readonly problems: readonly RenderProblem[];
      /** Nobody configured anything for this file: "not found" is what the phone should hear, and no fault. */
      readonly optional?: true;
    };

/** Renders and checks; a file that fails its own format's check is refused, never sent. */
export interface Renderer {
  render(request: RenderRequest): Rendered;
}
