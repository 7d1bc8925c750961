import type { Release, UpdateGraph } from "../firmware/release.ts";
import type { Family, Model, NamedFile, Publication, View } from "../phones/family.ts";
import { settingsOf } from "../phones/group.ts";
import type { Phone } from "../phones/phone.ts";
import type { Group, Site } from "../phones/site.ts";
import type { Renderer } from "../render/render.ts";
import type { Store } from "../store/store.ts";
import type { Mac } from "../wire/address.ts";
import type { Evidence } from "./evidence.ts";
import { lackingFor, lackingWords, lacksNothing } from "./lacking.ts";
import { createNamedPhones, type NamedPhones } from "./named-phones.ts";
import type {
  BootFile,
  FileDesk,
  FileRequest,
  Image,
  Knowledge,
  Neighbourhood,
  Note,
  SiteFiles,
  Vault,
} from "./ports.ts";
import type { Tracked, Tracker } from "./tracker.ts";
import { writtenFile } from "./uploads.ts";
import { whoAsks } from "./whereabouts.ts";

export interface DeskParts {
  readonly store: Store;
  readonly tracker: Tracker;
  readonly knowledge: Knowledge;
  readonly site: Site;
  readonly groups: readonly Group[];
  readonly renderer: Renderer;
  readonly vault: Vault;
  readonly siteFiles: SiteFiles;
  /** What phones have written here themselves; only a name that a phone may write is looked up in it. */
  readonly uploaded?: SiteFiles;
  readonly around: Neighbourhood;
  /** Which phones each address has named lately. */
  readonly namedPhones?: NamedPhones;
  readonly note: (note: Note) => void;
  /** What a phone says of itself in its requests; absent where nobody listens. */
  readonly evidence?: Pick<Evidence, "userAgent" | "seen">;
}

export interface Desk extends FileDesk {
  /** Resolves when everything reported so far is stored. */
  settled(): Promise<void>;
}

/** As many settings that phones cannot follow as are remembered as told. */
const MOST_TOLD = 10_000;

/** What was answered to a request, for when its delivery is reported. */
interface Answered {
  readonly mac: Mac;
  readonly file: NamedFile;
  readonly load?: string;
  readonly member: boolean;
}

/**
 * The one place that decides what a name answers: the stage of an enrolled phone, else the site's own files, else the
 * files of a phone that the inventory knows (design.md §5).
 */
export function createFileDesk(parts: DeskParts): Desk {
  const answered = new WeakMap<FileRequest, Answered>();
  const namedPhones = parts.namedPhones ?? createNamedPhones();
  const told = new Set<string>();
  let pending: Promise<unknown> = Promise.resolve();

  async function answer(request: FileRequest): Promise<BootFile> {
    const hint = readName(request.filename, parts.knowledge.families);
    const asker = await whoAsks(request, hint, parts.around, parts.store, namedPhones);
    if (asker.is === "impostor") {
      const because = `${request.filename} is ${asker.named}'s, and ${request.ip} belongs to ${asker.holder}`;
      parts.note({
        event: "file.not-yours",
        detail: because,
        ip: request.ip,
        mac: asker.holder,
        file: request.filename,
      });
      return { is: "refused", why: "not-yours", because };
    }
    if (asker.is === "sweeper") {
      const because = `${request.ip} names phone after phone, and neither a lease nor ARP says that it is one of them`;
      if (asker.first) parts.note({ event: "file.not-yours", detail: because, ip: request.ip, file: request.filename });
      return { is: "refused", why: "not-yours", because };
    }
    if (asker.is === "stranger") return fromSite(request);
    await witness(request, asker.mac);
    const who = { mac: asker.mac, ip: request.ip, at: request.at };
    if (request.userAgent !== undefined) await parts.evidence?.userAgent(request.userAgent, who);
    if (parts.tracker.of(asker.mac) === undefined) await parts.evidence?.seen(who, request.filename);
    const tracked = parts.tracker.of(asker.mac);
    if (tracked !== undefined) return toEnrolled(request, asker.mac, tracked);
    return toInventory(request, asker.mac);
  }

  async function toEnrolled(request: FileRequest, mac: Mac, before: Tracked): Promise<BootFile> {
    const asked = before.family.named(request.filename);
    if (asked === undefined) return fromSite(request);
    const file = asSpelled(asked, before);
    if (await restsStill(file, before, request.at)) return atRest(request, mac, file, before);
    const member = await isMember(file, before);
    const moved = await parts.tracker.advance(mac, { is: "asked", file, member }, request.at);
    if (moved === undefined) return fromSite(request);
    for (const line of moved.history) parts.note({ event: line.event, detail: line.detail, mac, ip: request.ip });
    if (moved.refuse !== undefined) return { is: "refused", why: "not-now", because: moved.refuse };
    const view = await offered(moved.tracked, request.at);
    if (view === undefined) return toInventory(request, mac);
    const given = await fromView(request, mac, file, view, moved.tracked.family);
    if (given.is === "rendered") {
      const load = loadIn(view, file);
      answered.set(request, { mac, file, member, ...(load === undefined ? {} : { load }) });
    } else if (given.is === "image") answered.set(request, { mac, file, member });
    return given;
  }

  /**
   * Whether a phone that waits asks only for what it would ask for anyway. Of a phone that looks at its image at
   * every boot that is a sign of the lever only where the stage is offered.
   */
  async function restsStill(file: NamedFile, tracked: Tracked, now: number): Promise<boolean> {
    const { migration, family, view } = tracked;
    const { progress } = migration;
    if (progress.at !== "waiting" || file.clue.is !== "image") return false;
    if (family.looksAtImages !== true) return false;
    return migration.wish !== "go" || view === undefined || (await offered(tracked, now)) !== view;
  }

  function atRest(request: FileRequest, mac: Mac, file: NamedFile, tracked: Tracked): Promise<BootFile> {
    const { progress } = tracked.migration;
    const from = progress.at === "waiting" && progress.stage > 1 ? tracked.stages[progress.stage - 1]?.from : undefined;
    if (from === undefined) return toInventory(request, mac);
    return fromView(request, mac, file, tracked.family.atRest(from), tracked.family);
  }

  /** Of some releases the manifest knows the list alone: then the list, checked at import, says what the package holds. */
  async function isMember(file: NamedFile, { migration: { progress }, stages, family }: Tracked): Promise<boolean> {
    if (file.clue.is !== "image" || progress.at === "done" || progress.at === "cancelled") return false;
    const release = stages[progress.stage - 1]?.release;
    if (release === undefined || release.files.some((f) => f.name === file.canonical)) return false;
    const image = await parts.vault.image(family.id, release.load, file.canonical);
    await image?.close();
    return image !== undefined;
  }

  /** A stage whose files are not all there is not offered (law 2): the phone stays what it is. */
  async function offered(tracked: Tracked, now: number): Promise<View | undefined> {
    const { migration, stages, family, view } = tracked;
    const { progress } = migration;
    if (progress.at !== "waiting" || migration.wish !== "go") return view;
    const stage = stages[progress.stage - 1];
    if (stage === undefined) return view;
    if (parts.tracker.take(migration, now).is === "later") return undefined;
    const lacking = await lackingFor(parts, family.id, stage);
    if (lacksNothing(lacking)) return view;
    parts.note({
      event: "firmware.missing",
      detail: `stage ${stage.number} waits: ${lackingWords(lacking)}`,
      mac: migration.mac,
    });
    return stage.number > 1 && stage.from !== undefined ? family.atRest(stage.from) : undefined;
  }

  async function fromView(
    request: FileRequest,
    mac: Mac,
    file: NamedFile,
    view: View,
    family: Family,
  ): Promise<BootFile> {
    const publication = view.publications.find((p) => p.kind === file.kind);
    if (publication?.answer === "absent") return absent(request);
    if (publication?.answer === "rendered") return rendered(request, mac, file, publication, family);
    if (file.clue.is !== "image") return fromSite(request);
    const entry = view.images.find((i) => i.file === file.canonical) ?? (await memberIn(view, file, family));
    if (entry === undefined) {
      const because = `${file.canonical} is not among the images that ${mac} may have now`;
      parts.note({ event: "file.not-now", detail: because, mac, ip: request.ip, file: request.filename });
      return { is: "refused", why: "not-now", because };
    }
    const image = await parts.vault.image(family.id, entry.load, entry.file);
    if (image === undefined) {
      parts.note({
        event: "firmware.missing",
        detail: `${entry.file} of ${entry.load} is not whole`,
        mac,
        ip: request.ip,
      });
      return absent(request);
    }
    return { is: "image", image };
  }

  async function memberIn(view: View, file: NamedFile, family: Family): Promise<View["images"][number] | undefined> {
    // What some release of the family names is served by that release or not at all.
    const releases = [...(parts.knowledge.graph(family.id)?.releases.values() ?? [])];
    if (releases.some((release) => release.files.some((f) => f.name === file.canonical))) return undefined;
    for (const load of new Set(view.images.map((i) => i.load))) {
      const image = await parts.vault.image(family.id, load, file.canonical);
      await image?.close();
      if (image !== undefined) return { file: file.canonical, load };
    }
    return undefined;
  }

  async function rendered(
    request: FileRequest,
    mac: Mac,
    file: NamedFile,
    publication: Extract<Publication, { answer: "rendered" }>,
    family: Family,
  ): Promise<BootFile> {
    const phone = (await parts.store.phone(mac)) ?? { mac, lines: [], settings: {} };
    const result = renderFor(parts, phone, family, publication);
    if (result.is === "rendered") {
      // Nobody configured this one, or the phone has written it since: theirs goes first.
      const own =
        result.standard === true ? await parts.siteFiles.find(request.filename) : await writtenBefore(request.filename);
      if (own !== undefined) return { is: "image", image: own };
      for (const { where, message, remedy } of result.notes ?? [])
        remark(request, mac, `${where}: ${message}. ${remedy}`);
      return { ...result, name: file.canonical };
    }
    if (result.optional === true) return fromSite(request);
    const because = result.problems.map((p) => `${p.where}: ${p.message}`).join("; ");
    parts.note({ event: "file.unrenderable", detail: because, mac, ip: request.ip, file: request.filename });
    return { is: "refused", why: "not-found", because };
  }

  /** Told once while the server runs: a phone asks for its files at every boot. */
  function remark(request: FileRequest, mac: Mac, detail: string): void {
    if (told.has(detail)) return;
    if (told.size < MOST_TOLD) told.add(detail);
    parts.note({ event: "file.noted", detail, mac, ip: request.ip, file: request.filename });
  }

  /** A phone that is not enrolled: the site's own files first, whatever else is known of it (rule N10). */
  async function toInventory(request: FileRequest, mac: Mac): Promise<BootFile> {
    const own = (await parts.siteFiles.find(request.filename)) ?? (await writtenBefore(request.filename));
    if (own !== undefined) return { is: "image", image: own };
    const phone = await parts.store.phone(mac);
    const family = familyOfPhone(phone, parts.knowledge);
    const release =
      phone?.running === undefined || family === undefined
        ? undefined
        : parts.knowledge.graph(family.id)?.releases.get(phone.running);
    const file = family?.named(request.filename);
    if (family === undefined || release === undefined || file === undefined) return absent(request);
    return fromView(request, mac, file, family.atRest(release), family);
  }

  async function fromSite(request: FileRequest): Promise<BootFile> {
    const own = (await parts.siteFiles.find(request.filename)) ?? (await writtenBefore(request.filename));
    return own === undefined ? absent(request) : { is: "image", image: own };
  }

  /** Overrides, directories and call lists that the phone wrote are its own to read again (polycom.md §1.6). */
  async function writtenBefore(filename: string): Promise<Image | undefined> {
    const file = writtenFile(parts.knowledge.families, filename);
    return file === undefined ? undefined : parts.uploaded?.find(file.name);
  }

  async function witness(request: FileRequest, mac: Mac): Promise<void> {
    const evidence = `asked for ${request.filename}`;
    try {
      await parts.store.putSighting({ at: request.at, mac, ip: request.ip, by: request.by, evidence });
    } catch (error) {
      // A full disk must not keep an image from a phone that has already erased its flash.
      parts.note({ event: "store.failed", detail: error instanceof Error ? error.message : "unknown failure", mac });
    }
  }

  function delivered(request: FileRequest, outcome: "whole" | "broken-off"): void {
    const what = answered.get(request);
    if (what === undefined) return;
    if (outcome === "broken-off") {
      parts.note({
        event: "file.broken-off",
        detail: `${request.filename} was not taken to its end`,
        mac: what.mac,
        ip: request.ip,
      });
      return;
    }
    const { file, load, member } = what;
    const event = { is: "took" as const, file, member, ...(load === undefined ? {} : { load }) };
    const told = parts.tracker.advance(what.mac, event, request.at).then((moved) => {
      for (const line of moved?.history ?? [])
        parts.note({ event: line.event, detail: line.detail, mac: what.mac, ip: request.ip });
    });
    const failed = (error: unknown) =>
      parts.note({
        event: "store.failed",
        detail: error instanceof Error ? error.message : "unknown failure",
        mac: what.mac,
      });
    pending = Promise.all([pending, told.catch(failed)]);
  }

  async function guarded(request: FileRequest): Promise<BootFile> {
    try {
      return await answer(request);
    } catch (error) {
      const detail = error instanceof Error ? error.message : "unknown failure";
      parts.note({ event: "file.failed", detail, ip: request.ip, file: request.filename });
      return { is: "refused", why: "not-now", because: detail };
    }
  }

  return {
    answer: guarded,
    delivered,
    settled: async () => {
      await pending;
    },
  };
}

/** The octets that `publication` is for `phone`; also what `provision render` prints. */
export function renderFor(
  parts: Pick<DeskParts, "knowledge" | "site" | "groups" | "renderer">,
  phone: Phone,
  family: Family,
  publication: Extract<Publication, { answer: "rendered" }>,
): ReturnType<Renderer["render"]> {
  const model = family.models.find((m) => m.id === phone.model) ?? (family.models[0] as Model);
  const release = releaseBehind(publication.load, parts.knowledge.graph(family.id));
  if (release === undefined) {
    const where = `firmware-manifests/${family.id}.yaml`;
    const message = `no release has the load or loader ${publication.load}`;
    return { is: "refused", problems: [{ where, message, remedy: "Add the release to the manifest." }] };
  }
  return parts.renderer.render({
    family: family.id,
    kind: publication.kind,
    site: parts.site,
    phone,
    model,
    settings: settingsOf(phone, model, parts.groups).settings,
    load: publication.load,
    release,
    brief: publication.brief,
  });
}

function releaseBehind(load: string, graph: UpdateGraph | undefined): Release | undefined {
  const exact = graph?.releases.get(load);
  if (exact !== undefined) return exact;
  for (const release of graph?.releases.values() ?? []) if (release.loader === load) return release;
  return undefined;
}

function loadIn(view: View, file: NamedFile): string | undefined {
  const publication = view.publications.find((p) => p.kind === file.kind);
  return publication?.answer === "rendered" ? publication.load : undefined;
}

/** An image by its package's own spelling: some phones ask with another letter case than the file has (cisco.md §2.2). */
function asSpelled(file: NamedFile, tracked: Tracked): NamedFile {
  if (file.clue.is !== "image") return file;
  const names = [
    ...(tracked.view?.images ?? []).map((i) => i.file),
    ...tracked.stages.flatMap((stage) => stage.release.files.map((f) => f.name)),
  ];
  if (names.includes(file.canonical)) return file;
  const spelled = names.find((name) => name.toLowerCase() === file.canonical.toLowerCase());
  return spelled === undefined ? file : { ...file, canonical: spelled };
}

function readName(filename: string, families: readonly Family[]): NamedFile | undefined {
  for (const family of families) {
    const file = family.named(filename);
    if (file !== undefined) return file;
  }
  return undefined;
}

function familyOfPhone(phone: Phone | undefined, knowledge: Knowledge): Family | undefined {
  if (phone?.model === undefined) return undefined;
  return knowledge.families.find((family) => family.models.some((model) => model.id === phone.model));
}

function absent(request: FileRequest): BootFile {
  return { is: "refused", why: "not-found", because: `${request.filename} is not there for ${request.ip}` };
}
