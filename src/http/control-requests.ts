import { z } from "zod";
import { parseMac } from "../wire/address.ts";

const mac = z.string().transform((text, context) => {
  const parsed = parseMac(text);
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: "custom", message: `${JSON.stringify(text)} is not a MAC address` });
  return z.NEVER;
});

const word = z.string().max(256);

/** How many phones one request puts into the inventory. */
export const MOST_PHONES = 100_000;

const line = z.strictObject({
  name: word,
  label: word.optional(),
  displayName: word.optional(),
  authName: word.optional(),
  password: word.optional(),
});

const phone = z.strictObject({
  mac,
  model: word.optional(),
  group: word.optional(),
  label: word.optional(),
  lines: z.array(line).max(64).default([]),
  settings: z.record(word, z.string().max(4096)).default({}),
  running: word.optional(),
});

/** What each operation takes. A command and a running server share them, so that both refuse the same things. */
export const controlRequests = {
  migrate: z.strictObject({
    model: word.optional(),
    /** Absent: where the rules of provision.yaml (`migrations`) say. */
    to: word.optional(),
    /** For phones whose load the inventory does not know. */
    from: word.optional(),
    macs: z.array(mac).default([]),
    group: word.optional(),
    policy: z.enum(["strict", "documented"]).default("strict"),
    /** So many at a time after one canary for each step; absent: all the others. */
    wave: z.number().int().min(1).max(100_000).optional(),
    /** All at once, without a canary. */
    together: z.boolean().default(false),
    /** Milliseconds since the epoch; 0: at once. */
    startAt: z.number().int().min(0).default(0),
    /** No phone begins from then on. */
    until: z.number().int().min(1).optional(),
    everyDay: z.boolean().default(false),
    stopAfter: z.number().int().min(1).max(100_000).default(1),
    transfers: z.number().int().min(1).max(100_000).optional(),
    acceptOneWay: z.boolean().default(false),
    /** The server restarts each phone when its turn comes, where it can. */
    restart: z.boolean().default(false),
    /** False: say what would happen and change nothing. */
    enrol: z.boolean().default(false),
  }),
  status: z.strictObject({}),
  /** Without a job: a list of them. */
  report: z.strictObject({ job: word.optional() }),
  wish: z.strictObject({
    wish: z.enum(["go", "pause", "cancel"]),
    macs: z.array(mac).default([]),
    all: z.boolean().default(false),
    dryRun: z.boolean().default(false),
  }),
  restart: z.strictObject({ macs: z.array(mac).max(10_000).default([]), dryRun: z.boolean().default(false) }),
  probe: z.strictObject({ ip: word.optional(), mac: mac.optional() }),
  guide: z.strictObject({ mac }),
  phones: z.strictObject({}),
  phone: z.strictObject({ mac }),
  exportPhones: z.strictObject({ passwords: z.boolean().default(false) }),
  putPhones: z.strictObject({
    phones: z.array(phone).max(MOST_PHONES),
    replace: z.boolean().default(true),
    dryRun: z.boolean().default(false),
  }),
  removePhone: z.strictObject({ mac, dryRun: z.boolean().default(false) }),
  render: z.strictObject({ name: word, mac, stage: z.number().int().min(1).max(99).optional() }),
  explain: z.strictObject({ mac }),
} as const;

/**
 * The list of a request that may be long. To be read and checked a little at a time such a request is sent as several,
 * each with a part of the list and all the rest, which are one when all have arrived.
 */
export const longLists: { readonly [operation: string]: string | undefined } = { putPhones: "phones" };

export type ControlRequests = typeof controlRequests;

/** What a command sends. */
export type Sent<Name extends keyof ControlRequests> = z.input<ControlRequests[Name]>;

/** What arrives: checked, with its defaults. */
export type Received<Name extends keyof ControlRequests> = z.output<ControlRequests[Name]>;
