import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { modelOf } from "../../src/phones/families.ts";
import { readInventory } from "../../src/phones/inventory-csv.ts";
import { loadConfig } from "../../src/server/config.ts";

const root = new URL("../../", import.meta.url).pathname;

test("the examples folder holds these files, and each is read below", () => {
  expect(readdirSync(join(root, "examples")).sort()).toEqual(["phones.csv", "provision.service", "provision.yaml"]);
});

test("examples/provision.yaml is a valid configuration", () => {
  const cwd = mkdtempSync(join(tmpdir(), "provision-example-"));
  cpSync(join(root, "examples"), cwd, { recursive: true });
  expect(loadConfig({ cwd }, true)).toMatchObject({ site: { name: "head-office" }, data: join(cwd, "var") });
});

test("examples/provision.yaml is valid as well with everything that is commented out in it", () => {
  const cwd = mkdtempSync(join(tmpdir(), "provision-example-"));
  const text = readFileSync(join(root, "examples/provision.yaml"), "utf8");
  const whole = text
    .replace(/^(groups|migrations): (?:\{\}|\[\])$/gm, "$1:")
    .replace(/^( *)# ?( *(?:- |[a-zA-Z]+:(?: |$)))/gm, "$1$2")
    .replace(/^.*secretFile.*$/m, (line) => line.replace(/\/etc[^,]*/, "./ami.secret"));
  writeFileSync(join(cwd, "ami.secret"), "a-long-random-word\n", { mode: 0o600 });
  writeFileSync(join(cwd, "provision.yaml"), whole);
  mkdirSync(join(cwd, "templates-local"));
  const config = loadConfig({ cwd }, true);
  expect(config).toMatchObject({ keyFile: "/etc/provision/secret.key", migrations: [{ name: "lobby-to-sip" }] });
  expect(config.dhcp.subnets).toHaveLength(3);
});

test("examples/phones.csv is a valid inventory", () => {
  const inventory = readInventory(readFileSync(join(root, "examples/phones.csv"), "utf8"), (text) => modelOf(text)?.id);
  expect(inventory).toMatchObject({ is: "read", phones: [{ model: "7960" }, { model: "7960" }, { model: "7940" }] });
});

test("S70 examples/provision.service runs as a user of its own with one capability, and no setting of it is unknown", () => {
  const unit = readFileSync(join(root, "examples/provision.service"), "utf8");
  const lines = unit.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  expect(lines.filter((line) => !/^(?:\[(?:Unit|Service|Install)\]|[A-Z][A-Za-z]+=.+)$/.test(line))).toEqual([]);
  const values = (name: string) =>
    lines.flatMap((line) => (line.startsWith(`${name}=`) ? [line.slice(name.length + 1)] : []));
  expect(values("User")).toEqual(["provision"]);
  expect(values("AmbientCapabilities")).toEqual(["CAP_NET_BIND_SERVICE"]);
  expect(values("CapabilityBoundingSet")).toEqual(["CAP_NET_BIND_SERVICE"]);
  expect([values("NoNewPrivileges"), values("ProtectSystem"), values("UMask")]).toEqual([
    ["yes"],
    ["strict"],
    ["0077"],
  ]);
  // The paths that its comment tells the admin to configure are the ones that it may write.
  for (const folder of values("StateDirectory").flatMap((text) => text.split(" ")))
    expect(unit).toContain(`: /var/lib/${folder}`);
});

test("README.md names files of the repository that are there", () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const named = [...readme.matchAll(/\]\(([a-z][^)#]*)\)/g)].map((match) => match[1] ?? "");
  const absent = named.filter((file) => {
    try {
      readdirSync(join(root, file));
      return false;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code !== "ENOTDIR";
    }
  });
  expect(named.length).toBeGreaterThan(5);
  expect(absent).toEqual([]);
});

test("every command that README.md shows exists", async () => {
  const { commands } = await import("../../src/cli/commands.ts");
  const known = new Set(commands.map((command) => command(() => async () => undefined).name()));
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const shown = [...readme.matchAll(/npx provision ([a-z]+)/g)].map((match) => match[1] ?? "");
  expect(shown.filter((name) => !known.has(name))).toEqual([]);
});
