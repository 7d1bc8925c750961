import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { commands } from "../../src/cli/commands.ts";
import { createHome, layOut, play } from "./stage.ts";

const mac = "00:0e:84:c0:60:a6";
const chain = ["P00305000500", "P00308000900", "P0S3-8-12-00"];

function everyCommand(): readonly string[] {
  const named = (command: (typeof commands)[number]) => command(() => async () => undefined);
  return commands.map(named).flatMap((command) => {
    return [command.name(), ...command.commands.map((sub) => `${command.name()} ${sub.name()}`)];
  });
}

describe("every command", () => {
  test.each(everyCommand())("%s has a --help with an example", async (name) => {
    const { exit, out } = await play("/", `${name} --help`);
    expect(exit).toBe(0);
    expect(out).toMatch(/Examples?:\n {2}provision /);
  });

  test("is listed by provision --help", async () => {
    const { exit, out } = await play("/", "--help");
    expect(exit).toBe(0);
    for (const name of everyCommand()) expect(out).toContain(`  ${name.split(" ")[0]}`);
  });

  test("is refused with 2 where it is called wrongly, and nothing is printed on standard output", async () => {
    for (const words of [
      "",
      "nonsense",
      "plan",
      "plan --model 7960",
      "status --nonsense",
      "phones show",
      "plan --model 7960 --to sip --format pdf",
      "phones show nonsense",
      "migrate --to sip --wave 0",
      "render X --mac 000e84c060a6 --stage x",
      "rehearse --model 7960 --to sip --phones 0",
      "dhcp listen --interface lo --for x",
    ]) {
      const home = createHome();
      const { exit, out } = await play(home, words);
      expect([words, exit]).toEqual([words, 2]);
      expect([words, out]).toEqual([words, ""]);
    }
  });

  test("with --json prints one document for a wrong use of it as well", async () => {
    for (const words of ["status --nonsense --json", "render --json", "firmware import --json"]) {
      const { exit, json } = await play("/", words);
      expect([exit, json()]).toMatchObject([2, { error: { code: "E_USAGE", findings: [{ where: "" }] } }]);
    }
  });

  test("tells a mistake in provision.yaml with its line, and never with a stack", async () => {
    const home = createHome(false);
    writeFileSync(join(home, "provision.yaml"), "site:\n  serverAdress: 192.0.2.1\n");
    const { exit, err, out } = await play(home, "status --json");
    expect(exit).toBe(2);
    expect(err).toContain('provision.yaml:2: site: unknown key "serverAdress"\n  did you mean serverAddress?');
    expect(err).toContain("(E_CONFIG_INVALID)");
    expect(err).not.toMatch(/\n\s+at /);
    expect(JSON.parse(out)).toMatchObject({ error: { code: "E_CONFIG_INVALID" } });
  });
});

describe("init and check", () => {
  test("init prints a configuration that check understands, and --write never writes over one", async () => {
    const home = createHome(false);
    const printed = await play(home, "init");
    expect(printed.out).toBe(readFileSync(new URL("../../examples/provision.yaml", import.meta.url), "utf8"));
    expect((await play(home, "init --write")).exit).toBe(0);
    expect(await play(home, "init --write")).toMatchObject({ exit: 1, err: expect.stringContaining("E_INIT_WRITE") });
    const checked = await play(home, "check --json");
    expect(checked.exit).toBe(1);
    expect(checked.json()).toMatchObject({
      config: { site: { name: "head-office" } },
      checks: expect.arrayContaining([
        expect.objectContaining({ what: "site files", is: "error", code: "E_TFTP_ROOT" }),
      ]),
    });
  });

  test("check prints the configuration as it was understood, and no secret of it", async () => {
    const home = createHome();
    const text = readFileSync(join(home, "provision.yaml"), "utf8");
    writeFileSync(
      join(home, "provision.yaml"),
      `${text}groups: { all: { settings: { admin_password: s3cr3t } } }\nrestart: { ami: { username: provision, secret: s3cr3t } }\n`,
    );
    const { out } = await play(home, "check --json");
    expect(out).toContain('"admin_password": "***"');
    expect(out).not.toContain("s3cr3t");
  });

  test("check names a PBX's secret that cannot be read, before somebody wants to restart a phone", async () => {
    const home = createHome();
    const text = readFileSync(join(home, "provision.yaml"), "utf8");
    writeFileSync(
      join(home, "provision.yaml"),
      `${text}restart: { ami: { username: provision, secretFile: ./ami.secret } }\n`,
    );
    const { exit, json } = await play(home, "check --json");
    const { checks } = json() as { checks: { is: string; code?: string; message: string }[] };
    expect([exit, checks.filter(({ is }) => is === "error")]).toMatchObject([1, [{ code: "E_AMI_SECRET" }]]);
    writeFileSync(join(home, "ami.secret"), "x", { mode: 0o600 });
    expect((await play(home, "check")).exit).toBe(0);
  });

  test("check says that nobody reaches HTTP where it listens on loopback and loopback is not admitted", async () => {
    const home = createHome();
    expect((await play(home, "check")).out).not.toContain("nobody is answered there");
    const text = readFileSync(join(home, "provision.yaml"), "utf8");
    writeFileSync(join(home, "provision.yaml"), text.replace("[127.0.0.0/8]", "[192.0.2.0/24]"));
    expect((await play(home, "check")).out).toMatch(/HTTP port .* nobody is answered there until http\.listen/);
  });

  test("check says that all is well where it is, and changes nothing", async () => {
    const home = createHome();
    const { exit, out } = await play(home, "check");
    expect(exit).toBe(0);
    expect(out).toContain("manifests");
    expect(existsSync(join(home, "var"))).toBe(false);
  });

  test("check says how much room is on the disk of the data folder, which does not exist yet", async () => {
    const { json } = await play(createHome(), "check --json");
    const { checks } = json() as { checks: { what: string; message: string }[] };
    expect(checks.find(({ what }) => what === "disk space")?.message).toMatch(/^\d+ MB free on the disk of .*var$/);
  });

  test("check finds addresses that would be given out and then dropped in silence", async () => {
    const home = createHome();
    const text = readFileSync(join(home, "provision.yaml"), "utf8");
    writeFileSync(
      join(home, "provision.yaml"),
      `${text}dhcp: { subnets: [ { subnet: 192.0.2.0/24, pool: 192.0.2.10-20 } ] }\n`,
    );
    const { exit, out } = await play(home, "check");
    expect(exit).toBe(1);
    expect(out).toContain("192.0.2.10, 192.0.2.20");
  });
});

describe("guide --shows", () => {
  test("tells what a message means on a model, its causes and what to do, and needs no server", async () => {
    const { exit, out } = await play("/", "guide --model 7960G --shows w310");
    expect(exit).toBe(0);
    expect(out).toBe(
      '"W310 Error(s) Parsing": SIPDefault.cnf has lines that the phone does not understand.\n' +
        "  Likeliest: A key or a value is misspelled or out of range.\n" +
        "  Do: Run `provision lint` on the file; the phone keeps its old values for those lines.\n",
    );
    const json = (await play("/", "guide --model SSIP7000 --shows sip_401b.ld --json")).json() as { found: unknown[] };
    expect(json.found).toHaveLength(1);
  });

  test("ends with 1 where nothing is known of the words, and with 2 where no phone is named", async () => {
    expect((await play("/", "guide --model SPIP301 --shows sip_401b.ld")).exit).toBe(1);
    expect((await play("/", "guide --shows W310")).exit).toBe(2);
    expect((await play("/", "guide")).exit).toBe(2);
  });
});

describe("where things come from", () => {
  test("phones import - reads what standard input says, to its end", async () => {
    const home = createHome();
    const csv = "mac,model,line1\n00:0e:84:c0:60:a6,7960,1001\n";
    expect(await play(home, "phones import -", { answers: csv })).toMatchObject({
      exit: 0,
      err: expect.stringContaining("1 phone is in the inventory"),
    });
  });

  test("a data folder that the system does not let be made is named, and nothing goes round for ever", async () => {
    const home = createHome();
    const text = readFileSync(join(home, "provision.yaml"), "utf8");
    writeFileSync(join(home, "provision.yaml"), `${text}data: /proc/nowhere/var\n`);
    const { exit, err } = await play(home, "phones list");
    expect(exit).toBe(1);
    expect(err).toMatch(/\/proc\/nowhere: the data folder cannot be made .*E_STORE_OPEN/s);
  });
});

describe("plan", () => {
  const ask = (more: string) => play("/", `plan --model CP-7960G --from "SCCP 3.1" --to sip ${more}`);

  test("prints one plan as text, Markdown, HTML and JSON", async () => {
    expect((await ask("")).out).toMatch(/^7960: SCCP 3\.1 \(P00303010102\) to SIP 8\.12/);
    expect((await ask("--format markdown")).out).toMatch(/^# /);
    expect((await ask("--format html")).out).toMatch(/^<!doctype html>/i);
    const { exit, json } = await ask("--format json");
    expect(exit).toBe(0);
    expect(json()).toMatchObject({
      model: "7960",
      oneWay: true,
      from: { load: "P00303010102" },
      stages: [{ number: 1, to: { load: "P00305000500" } }, {}, {}],
    });
  });

  test("ends with 3 where the phones' rules forbid it, and with 0 where there is nothing to do", async () => {
    const none = await play("/", "plan --model 7960 --from P0S3-8-12-00 --to P0S30203 --format json");
    expect([none.exit, none.json()]).toMatchObject([3, { noPath: { stoppedAt: { load: "P0S3-8-12-00" } } }]);
    const there = await play("/", "plan --model 7960 --from P0S3-8-12-00 --to sip --format json");
    expect([there.exit, there.json()]).toMatchObject([0, { alreadyThere: true }]);
  });

  test("by the documented rules, names them wherever it prints a command", async () => {
    const { out } = await ask("--policy documented");
    expect(out.replace(/\s+/g, " ")).toContain("`provision migrate --mac MAC --to P0S3-8-12-00 --policy documented`");
    const strict = (await ask("")).out;
    expect(strict).not.toContain("--policy");
    expect(strict).not.toContain("the code");
  });

  test("says what stands on the label, and nothing of a screen to whom has none", async () => {
    const polycom = "plan --model SPIP650 --from SPIP650.3.2.7.0198 --to SPIP650.4.0.15.1009 --format json";
    const { before, stages } = (await play("/", polycom)).json() as {
      before: string[];
      stages: { operator: string[] }[];
    };
    expect(before[0]).toContain("says SoundPoint IP 650 (SPIP650 in this plan).");
    // A phone without an application starts again by itself: nobody need take its power there.
    expect(stages[1]?.operator[0]).toMatch(/^Wait: /);
    const ata = (await play("/", "plan --model ATA186 --from unknown --to sccp --format json")).json() as {
      stages: { remedies: { sees: string }[] }[];
    };
    expect(ata.stages[0]?.remedies.map(({ sees }) => sees).join(" ")).not.toContain("screen");
  });

  test("names the model and the load that were probably meant", async () => {
    expect((await play("/", "plan --model 7690 --to sip")).err).toContain("did you mean 7960?");
    const typed = await play("/", "plan --model 7960 --from POS3-8-12-00 --to sip");
    expect(typed).toMatchObject({ exit: 2, err: expect.stringContaining("P0S3-8-12-00") });
    expect(typed.err).toContain("digit zero");
  });
});

describe("manifests", () => {
  test("check counts what is shipped, and edges lists and draws it", async () => {
    expect((await play("/", "manifests check --json")).json()).toMatchObject({
      families: expect.arrayContaining([expect.objectContaining({ family: "cisco-7940" })]),
    });
    expect((await play("/", "manifests check")).out).toMatch(/^FAMILY +RELEASES/);
    expect((await play("/", "manifests edges 7960G")).out).toContain("P0S3-8-12-00");
    expect((await play("/", "manifests edges 7960 --format mermaid")).out).toMatch(/^flowchart LR\n/);
    expect((await play("/", "manifests edges 7961 --format svg")).out).toMatch(/^<svg /);
    expect((await play("/", "manifests edges 9999")).exit).toBe(2);
  });

  test("check names a mistake in a folder's manifest with file, line and remedy", async () => {
    const home = createHome(false);
    writeFileSync(
      join(home, "x.yaml"),
      "schema: 1\nfamily: x-1\ntitle: X\nsources: {}\nreleases: []\nrules: []\nblocked: []\nbloked: []\n",
    );
    const { exit, err } = await play(home, "manifests check .");
    expect(exit).toBe(1);
    expect(err).toMatch(/x\.yaml:8: .*bloked/);
  });
});

describe("firmware", () => {
  test("takes packages in, lists, checks and shows them", async () => {
    const home = createHome();
    const folder = layOut(home, ["P0S3-8-12-00"]);
    expect((await play(home, `firmware import ${folder} --dry-run`)).err).toContain("--dry-run");
    expect((await play(home, "firmware list")).err).toContain("empty");
    expect(await play(home, `firmware import ${folder}`)).toMatchObject({
      exit: 0,
      out: expect.stringContaining("complete"),
    });
    expect((await play(home, "firmware list")).out).toMatch(/P0S3-8-12-00 +cisco-7940 +SIP 8\.12 +4 +complete/);
    expect((await play(home, "firmware list --json")).json()).toMatchObject({
      packages: [{ load: "P0S3-8-12-00", complete: true }],
    });
    expect((await play(home, "firmware check")).out).toContain("0 damaged");
    expect((await play(home, "firmware show P0S3-8-12-00")).out).toContain("P0S3-8-12-00.sb2");
    expect((await play(home, "firmware show p0s3-8-12-00")).out).toMatch(/^P0S3-8-12-00 /);
    expect(await play(home, "firmware show P0S3-9")).toMatchObject({
      exit: 1,
      err: expect.stringContaining("E_PACKAGE_UNKNOWN"),
    });
    expect((await play(home, "firmware import nowhere --json")).exit).toBe(1);
  });
});

describe("phones", () => {
  test("add, list, show, export, import and remove", async () => {
    const home = createHome();
    expect((await play(home, "phones list")).err).toContain("empty");
    const added = await play(
      home,
      `phones add --mac 000E.84C0.60A6 --model 7960G --running "SCCP 3.1" --line 1001 --set phone_label=Desk --label "Front desk"`,
    );
    expect(added).toMatchObject({ exit: 0, err: `${mac} is in the inventory.\n` });
    const again = `phones add --mac SEP000E84C060A6 --model 7960 --running "SCCP 3.1" --line 1001 --set phone_label=Desk --label "Front desk"`;
    expect(await play(home, again)).toMatchObject({ exit: 0, err: `${mac} is in the inventory.\n` });
    expect(await play(home, "phones add --mac ff:ff:ff:ff:ff:ff")).toMatchObject({
      exit: 2,
      err: expect.stringContaining("belongs to no single phone"),
    });
    expect(await play(home, `phones add --mac ${mac} --model 7960`)).toMatchObject({
      exit: 1,
      err: expect.stringContaining("E_PHONE_EXISTS"),
    });
    expect((await play(home, "phones list")).out).toContain(`${mac}  7960   P00303010102`);
    expect((await play(home, "phones list --json")).json()).toMatchObject({
      phones: [{ mac, settings: { phone_label: "Desk" } }],
    });
    expect((await play(home, `phones show ${mac}`)).out).toContain("line 1: 1001");
    const csv = (await play(home, "phones export")).out;
    expect(csv).toContain("000e84c060a6,7960");
    writeFileSync(join(home, "phones.csv"), csv.replace("000e84c060a6", "000e84c060a7"));
    expect((await play(home, "phones import phones.csv --dry-run")).err).toContain("1 phone would be");
    expect((await play(home, "phones show 000e84c060a7")).exit).toBe(1);
    expect((await play(home, "phones import phones.csv")).exit).toBe(0);
    expect((await play(home, "phones show 000e84c060a7 --json")).json()).toMatchObject({ phone: { model: "7960" } });
    expect((await play(home, `phones remove ${mac} --dry-run`)).err).toContain("would be taken out");
    expect((await play(home, `phones remove ${mac}`)).exit).toBe(0);
    expect((await play(home, `phones add --mac ${mac} --dry-run`)).err).toContain("would be taken in");
    expect(await play(home, `phones remove ${mac}`)).toMatchObject({
      exit: 1,
      err: expect.stringContaining("E_PHONE_UNKNOWN"),
    });
    expect((await play(home, `phones add --mac ${mac} --set nonsense`)).exit).toBe(2);
  });

  test("an export without passwords, edited and imported again, leaves the secrets as they were", async () => {
    const home = createHome();
    const file = join(home, "phones.csv");
    writeFileSync(file, `mac,line1,line1_password,phone_password,label\n${mac},1001,old,unlock,Desk\n`);
    await play(home, "phones import phones.csv");
    const edited = (await play(home, "phones export")).out.replace("Desk", "Lobby");
    expect(edited).not.toMatch(/old|unlock/);
    writeFileSync(file, edited);
    await play(home, "phones import phones.csv");
    expect((await play(home, "phones export --passwords")).out).toMatch(/Lobby,1001,old,unlock/);
    writeFileSync(file, `mac,line1,line1_password\n${mac},1001,new\n`);
    await play(home, "phones import phones.csv");
    expect((await play(home, "phones export --passwords")).out).toMatch(/1001,new,unlock/);
    writeFileSync(file, `mac,line1\n${mac},1002\n`);
    await play(home, "phones import phones.csv");
    expect((await play(home, "phones export --passwords")).out).not.toMatch(/new/);
  });

  test("a bad row of a CSV file is named with its line, and nothing is half imported", async () => {
    const home = createHome();
    writeFileSync(join(home, "phones.csv"), "mac,model\n000e84c060a6,7960\nnonsense,7960\n000e84c060a7,9999\n");
    const { exit, err } = await play(home, "phones import phones.csv");
    expect(exit).toBe(1);
    expect(err).toContain("phones.csv:3: the MAC is none");
    expect(err).toContain("phones.csv:4: no family has a model");
    expect((await play(home, "phones list --json")).json()).toEqual({ phones: [] });
    expect(await play(home, "phones import absent.csv")).toMatchObject({
      exit: 2,
      err: expect.stringContaining("E_INVENTORY_FILE"),
    });
  });
});

describe("migrate", () => {
  async function ready(): Promise<string> {
    const home = createHome();
    await play(home, `firmware import ${layOut(home, chain)}`);
    await play(home, `phones add --mac ${mac} --model 7960 --running P00303010102 --line 1001`);
    return home;
  }

  test("needs the admin's word for a step without a way back, and ends with 3 without it", async () => {
    const home = await ready();
    const { exit, out, err } = await play(home, "migrate --model 7960 --to sip --yes");
    expect(exit).toBe(3);
    expect(out).toContain("ONE-WAY for 1 phone: no way leads back behind a step that is marked =>.");
    expect(err).toContain("--accept-one-way");
    expect((await play(home, "status --json")).json()).toEqual({ phones: [] });
  });

  test("asks before it enrols, and takes silence for no", async () => {
    const home = await ready();
    const words = `migrate --mac ${mac} --to sip --accept-one-way`;
    expect(await play(home, words)).toMatchObject({ exit: 2, err: expect.stringContaining("nobody to ask") });
    expect((await play(home, words, { answers: "n\n" })).err).toContain("No phone was enrolled");
    expect((await play(home, words, { answers: "y\n" })).err).toContain("1 phone enrolled");
    expect((await play(home, `${words} --json`)).json()).toMatchObject({ phones: [{ verdict: "on-its-way" }] });
  });

  test("enrols, and status, pause, resume, render and cancel follow", async () => {
    const home = await ready();
    const enrolled = await play(home, "migrate --model 7960 --to sip --accept-one-way --json --wave 10 --at +1m");
    expect([enrolled.exit, enrolled.json()]).toMatchObject([
      0,
      {
        enrolled: true,
        phones: [
          {
            mac,
            verdict: "ready",
            wave: 1,
            model: "7960",
            oneWay: true,
            to: { load: "P0S3-8-12-00" },
            stages: [{ number: 1 }, { number: 2 }, { number: 3 }],
            plan: { to: { load: "P0S3-8-12-00" } },
          },
        ],
      },
    ]);
    expect((await play(home, "status --json")).json()).toMatchObject({
      phones: [{ mac, state: "waiting", stage: 1, stages: 3 }],
    });
    expect((await play(home, "status")).out).toContain("1/3");
    expect((await play(home, `guide --mac ${mac}`)).out).toMatch(/stage 1 of 3.*\n {2}Do now:\n {4}1\. /);
    const stage = await play(home, `render OS79XX.TXT --mac ${mac} --stage 1`);
    expect(stage.out).toBe("P00305000500");
    expect((await play(home, `render OS79XX.TXT --mac ${mac} --stage 9`)).exit).toBe(2);
    expect((await play(home, "pause --all --dry-run --json")).json()).toEqual({ phones: [{ mac, state: "waiting" }] });
    expect((await play(home, `cancel --mac ${mac} --dry-run`)).err).toContain("Nothing was changed");
    expect((await play(home, `pause --mac ${mac} --json`)).json()).toEqual({ phones: [{ mac, state: "paused" }] });
    expect((await play(home, "resume --all")).out).toContain("waiting");
    const watched = await play(home, "status --watch --json", { signal: Promise.resolve("SIGINT") });
    expect([watched.exit, watched.json()]).toMatchObject([0, { phones: [{ mac, state: "waiting" }] }]);
    expect((await play(home, "cancel")).exit).toBe(2);
    expect((await play(home, "cancel --all")).out).toContain("cancelled");
    expect((await play(home, "cancel --all")).err).toContain("No phone is under way");
    expect((await play(home, `guide --mac ${mac} --watch`)).out).toContain("cancelled");
    expect((await play(home, "guide --mac 000e84000001")).exit).toBe(1);
    const shows = await play(home, `guide --mac ${mac} --shows "Phone Unprovisioned"`);
    expect(shows).toMatchObject({ exit: 0, out: expect.stringMatching(/^"Phone Unprovisioned": .*\n {2}Likeliest: /) });
  });

  test("--json with --watch is one document: what was enrolled, and where it stood at the end", async () => {
    const words = "migrate --model 7960 --to sip --accept-one-way --json --watch";
    const { exit, json } = await play(await ready(), words, { signal: Promise.resolve("SIGTERM") });
    expect([exit, json()]).toMatchObject([0, { enrolled: true, status: { phones: [{ mac, state: "waiting" }] } }]);
  });

  test("a missing firmware file stops it with 1, an impossible target with 3", async () => {
    const home = createHome();
    await play(home, `phones add --mac ${mac} --model 7960 --running P0S3-8-12-00`);
    expect(await play(home, "migrate --model 7960 --to sccp --yes")).toMatchObject({
      exit: 1,
      err: expect.stringContaining("provision firmware import"),
    });
    expect((await play(home, "migrate --model 7960 --to P0S30203 --yes")).exit).toBe(3);
    expect(await play(home, "migrate --model 7960 --to sip --yes")).toMatchObject({
      exit: 0,
      err: "There is nothing to do.\n",
    });
    expect((await play(home, "migrate --group nobody --to sip --yes")).err).toContain("E_NO_PHONES");
  });
});

describe("serve", () => {
  test("runs until it is asked to end, and commands meanwhile reach it", async () => {
    const home = createHome();
    let end: (signal: string) => void = () => undefined;
    const signal = new Promise<string>((resolve) => {
      end = resolve;
    });
    const serving = play(home, "serve --log-level error", { signal });
    const socket = join(home, "var/control.sock");
    while (!existsSync(socket)) await new Promise((resolve) => setTimeout(resolve, 20));
    await play(home, `phones add --mac ${mac} --model 7960`);
    expect((await play(home, "phones list")).out).toContain(mac);
    expect(await play(home, "serve")).toMatchObject({ exit: 1, err: expect.stringContaining("E_SERVER_RUNNING") });
    expect((await play(home, "check")).out).toContain("the running server has it");
    end("SIGTERM");
    expect((await serving).exit).toBe(0);
    expect(existsSync(socket)).toBe(false);
    expect((await play(home, "phones list")).out).toContain(mac);
  });
});
