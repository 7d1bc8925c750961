import type { Received } from "../http/control-requests.ts";
import { type FetchedPage, fetchDevicePage } from "../net/fetch-device.ts";
import { readDeviceInformation } from "../phones/device-information.ts";
import { type Ipv4, inSubnet, macWithColons, parseIpv4 } from "../wire/address.ts";
import type { Core } from "./core.ts";
import { failure } from "./failure.ts";

/** What a phone said of itself, and what was made of it. */
export interface Probed {
  readonly ip: string;
  readonly mac: string;
  readonly model?: string;
  readonly load?: string;
  /** What the inventory or the evidence says otherwise; nothing was changed then. */
  readonly contradicts?: string;
  /** The inventory has learned the load. */
  readonly learned: boolean;
}

/**
 * Asks a phone's own web page what it runs. What it says is a sighting; it goes into the inventory where nothing is
 * known yet, and never over what evidence has proved. Throws `E_PROBE_ADDRESS`, `E_PROBE`.
 */
export async function probe(
  core: Core,
  { ip: address, mac }: Received<"probe">,
  fetchPage: (ip: Ipv4) => Promise<FetchedPage> = fetchDevicePage,
): Promise<Probed> {
  const known = mac && ((await core.store.sightings(mac, 1))[0]?.ip ?? (await core.store.phone(mac))?.ip);
  const ip = address === undefined ? known : parseIpv4(address);
  const where = address ?? (mac === undefined ? "probe" : macWithColons(mac));
  if (ip === undefined || !core.config.access.allow.some((subnet) => inSubnet(ip, subnet))) {
    const message = ip === undefined ? "no address of this phone is known" : `${ip} is outside access.allow`;
    const remedy = "give the address of a phone in a subnet of access.allow (provision.yaml)";
    throw failure("E_PROBE_ADDRESS", 1, { where, message, remedy });
  }
  const page = await fetchPage(ip);
  const said = page.is === "page" ? readDeviceInformation(page.text) : { refused: page.because };
  if ("refused" in said) {
    const remedy = "not every load has this page, and web access may be off: look at the phone's own screen instead";
    throw failure("E_PROBE", 1, { where: ip, message: `it told nothing: ${said.refused}`, remedy });
  }
  const told = { ip, mac: macWithColons(said.mac), ...picked(said) };
  if (mac !== undefined && mac !== said.mac)
    return { ...told, contradicts: `at ${ip} answers another phone, not ${macWithColons(mac)}`, learned: false };
  const evidence = `its web page: ${said.named ?? "no model"}, ${said.load ?? "no load"}`;
  const model = said.model === undefined ? {} : { model: said.model };
  await core.store.putSighting({ at: core.now(), mac: said.mac, ip, by: "http", evidence, ...model });
  const phone = await core.store.phone(said.mac);
  if (phone?.model !== undefined && said.model !== undefined && phone.model !== said.model) {
    await core.tracker.advance(said.mac, { is: "named", model: said.model, by: "its own web page" }, core.now());
    return { ...told, contradicts: `the inventory says that it is a ${phone.model}`, learned: false };
  }
  const proved =
    core.tracker.of(said.mac) === undefined ? phone?.running : (phone?.running ?? "its migration's evidence");
  if (phone === undefined || said.load === undefined || proved === said.load) return { ...told, learned: false };
  const family = core.known.families.find(({ models }) => models.some(({ id }) => id === (phone.model ?? said.model)));
  const release = family && core.known.graph(family.id)?.releases.get(said.load);
  if (proved !== undefined) return { ...told, contradicts: `${proved} stands on record`, learned: false };
  if (release === undefined) return { ...told, contradicts: "no manifest has this load", learned: false };
  await core.store.putPhones([{ ...phone, ...model, running: release.load, ip }]);
  return { ...told, learned: true };
}

function picked({ model, load }: { readonly model?: string; readonly load?: string }) {
  return { ...(model === undefined ? {} : { model }), ...(load === undefined ? {} : { load }) };
}
