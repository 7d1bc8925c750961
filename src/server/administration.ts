import type { Operations } from "../http/control.ts";
import {
  type ControlRequests,
  controlRequests,
  longLists,
  MOST_PHONES,
  type Received,
  type Sent,
} from "../http/control-requests.ts";
import type { ExplainedSetting } from "../phones/explain.ts";
import { type PhoneStatus, statusReport } from "../provision/status.ts";
import { mapInTurns } from "../store/turns.ts";
import type { Config } from "./config.ts";
import { findServer } from "./control-client.ts";
import { type Core, openCore } from "./core.ts";
import { type MigrateAnswer, migrate, type Wished, wish } from "./enrolment.ts";
import { Failure } from "./failure.ts";
import { type Guided, guideFor } from "./guide.ts";
import {
  exportPhones,
  listPhones,
  type PhoneStory,
  putPhones,
  removePhone,
  type ShownPhone,
  showPhone,
} from "./inventory.ts";
import { report } from "./job-report.ts";
import { type Probed, probe } from "./probe.ts";
import { explainedSettings, octetsFor, type Served } from "./rendering.ts";
import { restart } from "./restart.ts";

/** What `provision status --json` prints. */
export interface StatusReport {
  readonly phones: readonly PhoneStatus[];
}

/** What an admin can ask for, whether a server runs or not. */
export interface Administration {
  migrate(request: Sent<"migrate">): Promise<MigrateAnswer>;
  status(request: Sent<"status">): Promise<StatusReport>;
  wish(request: Sent<"wish">): Promise<{ readonly phones: readonly Wished[] }>;
  report(request: Sent<"report">): ReturnType<typeof report>;
  restart(request: Sent<"restart">): ReturnType<typeof restart>;
  probe(request: Sent<"probe">): Promise<Probed>;
  guide(request: Sent<"guide">): Promise<Guided>;
  phones(request: Sent<"phones">): Promise<readonly ShownPhone[]>;
  phone(request: Sent<"phone">): Promise<PhoneStory>;
  /** The inventory as CSV, line by line. */
  exportPhones(request: Sent<"exportPhones">): Promise<{ readonly lines: readonly string[] }>;
  putPhones(request: Sent<"putPhones">): Promise<{ readonly put: number }>;
  removePhone(request: Sent<"removePhone">): Promise<{ readonly removed: string }>;
  /** Octets in base64; notes on what the phone cannot follow and the file leaves out. */
  render(request: Sent<"render">): Promise<{ readonly octets: string; readonly notes: Served["notes"] }>;
  /** Every setting of a phone, and who set it. */
  explain(request: Sent<"explain">): Promise<readonly ExplainedSetting[]>;
}

type Name = keyof ControlRequests & keyof Administration;

/** The operations on an open core: what the control socket serves. */
export function operationsOf(core: Core): Operations {
  const operations: { [N in Name]: (request: Received<N>) => Promise<unknown> } = {
    migrate: (request) => migrate(core, request),
    status: async () => ({ phones: await statusReport(core) }),
    wish: (request) => wish(core, request),
    report: ({ job }) => report(core, job),
    restart: (request) => restart(core, request),
    probe: (request) => probe(core, request),
    guide: ({ mac }) => guideFor(core, mac),
    phones: () => listPhones(core),
    phone: ({ mac }) => showPhone(core, mac),
    exportPhones: (request) => exportPhones(core, request),
    putPhones: (request) => putPhones(core, request),
    removePhone: (request) => removePhone(core, request),
    render: async ({ name, mac, stage }) => {
      const { octets, notes } = await octetsFor(core, name, mac, stage);
      return { octets: Buffer.from(octets).toString("base64"), notes };
    },
    explain: ({ mac }) => explainedSettings(core, mac),
  };
  const checked = (Object.keys(operations) as Name[]).map((name) => [
    name,
    async (sent: unknown, more: readonly unknown[] = []) => {
      const parts = await mapInTurns([sent, ...more], (part) => received(name, part));
      return (operations[name] as (request: unknown) => Promise<unknown>)(joined(name, parts));
    },
  ]);
  return Object.fromEntries(checked);
}

/** The same operations with their types, whether they work here or in another process. */
export function administrationBy(operations: Operations): Administration {
  return operations as unknown as Administration;
}

/**
 * The administration of the server that works on the configured data folder; where none runs, of that folder itself,
 * which then belongs to this command until `close`.
 */
export async function openAdministration(
  config: Config,
  now: () => number,
): Promise<{ readonly ask: Administration; readonly served: boolean; close(): Promise<void> }> {
  const server = await findServer(config.data);
  if (server !== undefined) {
    const names = Object.keys(controlRequests);
    const operations = Object.fromEntries(names.map((name) => [name, (request: unknown) => server(name, request)]));
    return { ask: administrationBy(operations), served: true, close: async () => undefined };
  }
  const core = await openCore(config, now, false);
  return { ask: administrationBy(operationsOf(core)), served: false, close: () => core.close() };
}

/** The one request that was sent in parts. */
function joined(name: Name, [first, ...more]: readonly unknown[]): unknown {
  const list = longLists[name];
  if (more.length === 0 || list === undefined) return first;
  const whole = [first, ...more].flatMap(
    (part) => (part as { readonly [list: string]: readonly unknown[] })[list] ?? [],
  );
  if (whole.length <= MOST_PHONES) return { ...(first as object), [list]: whole };
  throw new Failure("E_CONTROL_REQUEST", 2, [
    { where: `${name} ${list}`, message: `there are more than ${MOST_PHONES}`, remedy: "split the file" },
  ]);
}

function received(name: Name, sent: unknown): unknown {
  const parsed = controlRequests[name].safeParse(sent);
  if (parsed.success) return parsed.data;
  throw new Failure(
    "E_CONTROL_REQUEST",
    2,
    parsed.error.issues.map(({ path, message }) => ({
      where: `${name} ${path.join(".")}`.trim(),
      message,
      remedy: "see the command's --help",
    })),
  );
}
