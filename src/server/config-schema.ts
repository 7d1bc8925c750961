import { z } from "zod";
import type { AddressRange } from "../dhcp/settings.ts";
import { inSubnet, isStation, netmask, parseIpv4, parseMac, parseSubnet } from "../wire/address.ts";
import { nearest } from "./near.ts";
import {
  parseAddressRange,
  parseDuration,
  parseHost,
  parseIdentifier,
  parseMacPrefix,
  parseTimeZone,
  rangeInSubnet,
} from "./notations.ts";

/**
 * What may stand in provision.yaml (docs/configuration in README.md), with its defaults. Whatever is wrong is said with a
 * remedy: an issue's message is `what is wrong \u2192 what to do`.
 */
const arrow = " \u2192 ";

/** Splits an issue's message into what is wrong and what to do. */
export function splitMessage(message: string): { message: string; remedy: string } {
  const [wrong = message, remedy = "see the commented example that `provision init` prints"] = message.split(arrow);
  return { message: wrong, remedy };
}

/** A mapping whose unknown keys are errors that name the key that was probably meant. */
function section<Shape extends z.ZodRawShape>(shape: Shape) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code === "unrecognized_keys") return unknownKeys((issue as unknown as { keys: string[] }).keys, known);
      if (issue.code === "invalid_type")
        return `a mapping is expected here${arrow}write the keys ${known.join(", ")} below it`;
      return undefined;
    },
  });
}

function unknownKeys(keys: readonly string[], known: readonly string[]): string {
  const meant = nearest(keys[0] ?? "", known);
  const remedy = meant === undefined ? `known here: ${known.join(", ")}` : `did you mean ${meant}?`;
  return `unknown key ${keys.map((key) => JSON.stringify(key)).join(", ")}${arrow}${remedy}`;
}

/** A value with a notation of its own. Numbers count as their spelling, since YAML takes `7960` for a number. */
function notation<T>(what: string, example: string, parse: (text: string) => T | undefined) {
  return z
    .union([z.string(), z.number()], { error: () => `${what} is expected here${arrow}write it like ${example}` })
    .transform((value, context): T => {
      const parsed = parse(String(value).trim());
      if (parsed !== undefined) return parsed;
      context.addIssue({
        code: "custom",
        message: `${JSON.stringify(value)} is not ${what}${arrow}write it like ${example}`,
      });
      return z.NEVER;
    });
}

function whole(least: number, most: number) {
  return z
    .number({ error: () => `a whole number is expected here${arrow}write ${least} to ${most}` })
    .refine((n) => Number.isInteger(n) && n >= least && n <= most, {
      error: `out of range${arrow}write a whole number from ${least} to ${most}`,
    });
}

function oneOf<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words, {
    error: (issue) => {
      const meant = nearest(String(issue.input), words);
      const remedy =
        meant === undefined ? `write one of ${words.join(", ")}` : `did you mean ${meant}? (${words.join(", ")})`;
      return `${JSON.stringify(issue.input)} is not known here${arrow}${remedy}`;
    },
  });
}

const list = <T extends z.ZodType>(element: T, what: string) =>
  z.array(element, { error: () => `a list of ${what} is expected here${arrow}write [ … ] around it` });

const address = notation("an IPv4 address", "192.0.2.10", parseIpv4);
const host = notation("an address or host name", "192.0.2.20", parseHost);
const port = whole(1, 65_535);
/** 0 lets the system choose, which tests and the rehearsal use. */
const listenPort = whole(0, 65_535);
const path = z.string({ error: () => `a path is expected here${arrow}write it like ./var` }).min(1, {
  error: `the path is empty${arrow}write it like ./var, or leave the key out`,
});
const text = z.string({ error: () => `text is expected here${arrow}put it in quotes` });
const flag = z.boolean({ error: () => `true or false is expected here${arrow}write true or false, without quotes` });
const setting = z
  .union([z.string(), z.number(), z.boolean()], {
    error: () => `a single value is expected here${arrow}put it in quotes`,
  })
  .transform(String);

const site = section({
  name: text.default("site"),
  serverAddress: address,
  timeZone: notation("an IANA time zone", "Europe/Berlin", parseTimeZone).default("UTC"),
  ntp: list(host, "time servers").default([]),
  sip: section({
    proxy: host,
    port: port.default(5060),
    transport: oneOf(["udp", "tcp", "tls"]).default("udp"),
  }).optional(),
  sccp: section({
    callManagers: list(host, "CallManagers").min(1, {
      error: `the list is empty${arrow}name at least one CallManager`,
    }),
    port: port.default(2000),
  }).optional(),
});

/** Octets that YAML must not take for a number: `0x0100` would lose its zeros. */
const identifier = (what: string, example: string, least: number) =>
  text
    .refine((given) => parseIdentifier(given, least) !== undefined, {
      error: ({ input }) =>
        `${JSON.stringify(input)} is not ${what}${arrow}write it like ${example} or "0x01ab", text as text:ab`,
    })
    .transform((given) => parseIdentifier(given, least) as string);

/** RFC 2132 §9.14: a client id has two octets at least. */
const reservation = section({
  ip: address,
  mac: notation("the MAC address of one station", "00:0e:84:c0:60:a6", (text) => {
    const parsed = parseMac(text);
    return parsed !== undefined && isStation(parsed) ? parsed : undefined;
  }).optional(),
  clientId: identifier("a client id (option 61)", "01:00:0e:84:c0:60:a6", 2).optional(),
  circuitId: identifier("a circuit id (option 82)", "Gi1/0/7", 1).optional(),
  remoteId: identifier("a remote id (option 82)", "00:1b:2a:00:00:01", 1).optional(),
}).check((context) => {
  const { mac, clientId, circuitId, remoteId } = context.value;
  const names = [mac, clientId, circuitId ?? remoteId].filter((name) => name !== undefined);
  if (names.length === 1) return;
  const wrong = names.length === 0 ? "nobody is named" : "the client is named in more than one way";
  context.issues.push({
    code: "custom",
    input: context.value,
    path: [],
    message: `${wrong}${arrow}give mac, clientId, or circuitId and remoteId`,
  });
});

const ranges = z
  .union([list(notation("an address range", "192.0.2.100-192.0.2.199", parseAddressRange), "ranges"), z.string()], {
    error: () => `an address range is expected here${arrow}write it like 192.0.2.100-192.0.2.199`,
  })
  .transform((value, context): readonly AddressRange[] => {
    if (typeof value !== "string") return value;
    const parsed = value.split(",").map((part) => parseAddressRange(part.trim()));
    if (parsed.every((range) => range !== undefined)) return parsed;
    context.addIssue({
      code: "custom",
      message: `${JSON.stringify(value)} is not an address range${arrow}write it like 192.0.2.100-192.0.2.199`,
    });
    return z.NEVER;
  });

const subnet = section({
  subnet: notation("a subnet", "192.0.2.0/24 or 192.0.2.0/255.255.255.0", parseSubnet),
  sharedNetwork: text
    .min(1, { error: `the name is empty${arrow}write it like floor-2, or leave the key out` })
    .optional(),
  pool: ranges.default([]),
  router: address.optional(),
  dns: list(address, "name servers").default([]),
  domain: host.optional(),
  leaseTime: notation("a duration", "1h, 90s, 7d or PT1H", parseDuration)
    .refine((seconds) => seconds >= 60, { error: `a lease is too short${arrow}give at least 1m; 1h is usual` })
    .default(3600),
  reservations: list(reservation, "reservations").default([]),
}).check((context) => {
  const { subnet: net, pool, router, reservations } = context.value;
  const named = `${net.network}/${net.prefix}`;
  const outside = (path: (string | number)[], what: string) =>
    context.issues.push({
      code: "custom",
      input: context.value,
      path,
      message: `${what} is not in ${named} (mask ${netmask(net)})${arrow}correct the address or the subnet`,
    });
  for (const range of pool) if (!rangeInSubnet(range, net)) outside(["pool"], `${range.first}-${range.last}`);
  if (router !== undefined && !inSubnet(router, net)) outside(["router"], router);
  for (const [i, { ip }] of reservations.entries()) if (!inSubnet(ip, net)) outside(["reservations", i, "ip"], ip);
});

const dhcp = section({
  enabled: flag.default(false),
  interface: text.optional(),
  answer: oneOf(["everyone", "phones", "enrolled"]).default("phones"),
  besideOtherServers: flag.optional(),
  polycomUrl: text.max(120, { error: `too long for a DHCP reply${arrow}use at most 120 characters` }).optional(),
  voiceVlan: whole(0, 4094).optional(),
  subnets: list(subnet, "subnets").default([]),
}).check((context) => {
  const { enabled, subnets } = context.value;
  const say = (path: (string | number)[], message: string) =>
    context.issues.push({ code: "custom", input: context.value, path, message });
  if (enabled && subnets.length === 0)
    say(["subnets"], `DHCP is enabled without a subnet${arrow}add one below dhcp.subnets`);
  subnets.forEach((one, i) => {
    const twin = subnets.findIndex(
      (other) => inSubnet(one.subnet.network, other.subnet) || inSubnet(other.subnet.network, one.subnet),
    );
    if (twin < i)
      say(["subnets", i, "subnet"], `it overlaps with subnet ${twin + 1} of the list${arrow}keep one of the two`);
  });
  const shared = subnets.map(({ sharedNetwork }) => sharedNetwork);
  shared.forEach((name, i) => {
    if (name === undefined || shared.filter((other) => other === name).length > 1) return;
    const others = [...new Set(shared.filter((other) => other !== undefined && other !== name))] as string[];
    const meant = nearest(name, others);
    const remedy =
      meant === undefined ? "name it at every subnet of the wire, or leave it out" : `did you mean ${meant}?`;
    say(["subnets", i, "sharedNetwork"], `no other subnet is of ${JSON.stringify(name)}${arrow}${remedy}`);
  });
  const reservations = subnets.flatMap((one, i) =>
    one.reservations.map((r, j) => ({
      ...r,
      // Ports of switches on different wires are called alike.
      port: portOf(r, one.sharedNetwork ?? i),
      path: ["subnets", i, "reservations", j],
    })),
  );
  reservations.forEach((one, i) => {
    for (const key of ["mac", "clientId", "port", "ip"] as const) {
      if (one[key] === undefined) continue;
      const twin = reservations.findIndex((other) => other[key] === one[key]);
      const at = key === "port" ? (one.circuitId === undefined ? "remoteId" : "circuitId") : key;
      const name = key === "port" ? "this port" : one[key];
      if (twin < i) say([...one.path, at], `${name} is reserved twice${arrow}keep one of the two reservations`);
    }
  });
});

/** A port of a relay on a wire as one word; undefined where the reservation names none. */
function portOf({ circuitId, remoteId }: z.infer<typeof reservation>, wire: string | number): string | undefined {
  return circuitId === undefined && remoteId === undefined ? undefined : `${wire} ${circuitId} ${remoteId}`;
}

const select = section({
  model: setting.optional(),
  family: setting.optional(),
  macPrefix: notation("the beginning of a MAC address", "00:0e:84", parseMacPrefix).optional(),
  group: setting.optional(),
  label: setting.optional(),
});

const settings = z
  .record(z.string(), setting, { error: () => `a mapping is expected here${arrow}write name: value pairs` })
  .default({});

const group = section({ select: select.default({}), profile: text.optional(), settings });

const fleet = section({ transfers: whole(1, 100_000).optional() });

/** Where phones of a group go, and whether one that is seen for the first time goes by itself. */
const migration = section({
  name: setting.refine((name) => /^[A-Za-z0-9_.-]{1,40}$/.test(name), {
    error: `a name of letters, digits, dots and hyphens is expected here${arrow}write it like floor-2`,
  }),
  select,
  target: setting,
  policy: oneOf(["strict", "documented"]).default("strict"),
  acceptOneWay: flag.default(false),
  auto: flag.default(false),
  wave: whole(1, 100_000).default(1),
}).check((context) => {
  const { auto, select } = context.value;
  if (auto && Object.values(select).every((wanted) => wanted === undefined))
    context.issues.push({
      code: "custom",
      input: context.value,
      path: ["select"],
      message: `a rule that works by itself must say for which phones${arrow}name a model, a family, a group, a label or a MAC prefix`,
    });
});

/** One line of text in a protocol that ends lines with CR and LF. */
const oneLine = (what: string, example: string) =>
  text.refine((value) => /^[\x21-\x7e]{1,128}$/.test(value), {
    error: `${what} is printable ASCII without blanks${arrow}write it like ${example}`,
  });

const restart = section({
  sip: flag.default(true),
  port: port.default(5060),
  ami: section({
    host: notation("an address or host name", "127.0.0.1", parseHost).default("127.0.0.1"),
    port: port.default(5038),
    username: oneLine("a user name", "provision"),
    secret: oneLine("a secret", "a long random word").optional(),
    secretFile: path.optional(),
    driver: oneOf(["pjsip", "sip"]).default("pjsip"),
  })
    .check((context) => {
      const { secret, secretFile } = context.value;
      if ((secret === undefined) === (secretFile === undefined))
        context.issues.push({
          code: "custom",
          input: context.value.username,
          path: ["username"],
          message: `its secret stands nowhere, or twice${arrow}give secretFile (better), or secret`,
        });
    })
    .optional(),
});

export const configSchema = section({
  site,
  data: path.default("./var"),
  keyFile: path.optional(),
  templates: path.optional(),
  tftp: section({
    listen: address.prefault("0.0.0.0"),
    port: listenPort.default(69),
    root: path.default("./tftpboot"),
  }).prefault({}),
  dhcp: dhcp.prefault({}),
  http: section({ listen: address.prefault("127.0.0.1"), port: listenPort.default(8080) }).prefault({}),
  access: section({
    allow: list(notation("a subnet", "192.0.2.0/24", parseSubnet), "subnets").prefault([
      "10.0.0.0/8",
      "172.16.0.0/12",
      "192.168.0.0/16",
      "169.254.0.0/16",
      "127.0.0.0/8",
    ]),
    shared: list(notation("a subnet", "192.0.2.1/32", parseSubnet), "subnets").default([]),
  }).prefault({}),
  groups: z
    .record(z.string(), group, { error: () => `a mapping is expected here${arrow}write name: { select, settings }` })
    .default({}),
  /** Settings by name, for groups that share them. */
  profiles: z
    .record(z.string(), settings, { error: () => `a mapping is expected here${arrow}write name: { setting: value }` })
    .default({}),
  fleet: fleet.prefault({}),
  migrations: list(migration, "rules")
    .check((context) => {
      for (const [i, { name }] of context.value.entries()) {
        if (context.value.findIndex((other) => other.name === name) < i)
          context.issues.push({
            code: "custom",
            input: name,
            path: [i, "name"],
            message: `two rules are called ${name}${arrow}give each a name of its own`,
          });
      }
    })
    .default([]),
  restart: restart.prefault({}),
  log: section({ level: oneOf(["trace", "debug", "info", "warn", "error"]).default("info") }).prefault({}),
}).check((context) => {
  const { groups, profiles } = context.value;
  for (const [name, { profile }] of Object.entries(groups)) {
    if (profile === undefined || Object.hasOwn(profiles, profile)) continue;
    const known = Object.keys(profiles);
    const remedy = known.length === 0 ? "add it below profiles:" : `write one of ${known.join(", ")}`;
    const message = `there is no profile "${profile}"${arrow}${remedy}`;
    context.issues.push({ code: "custom", input: profile, path: ["groups", name, "profile"], message });
  }
});
