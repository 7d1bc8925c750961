import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createHome, play } from "./stage.ts";

let home: string;
beforeEach(() => {
  home = createHome();
});
afterEach(() => rmSync(home, { recursive: true }));

const add = 'phones add --mac 000e84c060a6 --model 7960 --running "P0S3-8-12-00" --line 1001 --line 1002';
const rendered = async (name: string) => (await play(home, `render ${name} --mac 000e84c060a6`)).out;
const configure = (more: string) =>
  writeFileSync(join(home, "provision.yaml"), `${readFileSync(join(home, "provision.yaml"), "utf8")}${more}`);

test("S24 passwords of lines and secret settings come from files, and a command line with one is refused without repeating it", async () => {
  writeFileSync(join(home, "passwords"), "first-one\r\nsecond-one\r\n");
  writeFileSync(join(home, "unlock"), "unlock-it\n");
  const { exit, out, err } = await play(home, `${add} --password-file passwords --set-file phone_password=unlock`);
  expect([exit, `${out}${err}`.includes("-one")]).toEqual([0, false]);
  expect(await rendered("SIP000E84C060A6.cnf")).toMatch(
    /line1_password: "first-one"[\s\S]*line2_password: "second-one"/,
  );
  expect(await rendered("SIPDefault.cnf")).toContain('phone_password: "unlock-it"');

  const refused = await play(home, `${add} --replace --set phone_password=s3cr3t`);
  expect([refused.exit, refused.err]).toEqual([2, expect.stringContaining("--set-file phone_password=FILE")]);
  expect(refused.err).not.toContain("s3cr3t");
  writeFileSync(join(home, "passwords"), "one\ntwo\nthree\n");
  expect(await play(home, `${add} --replace --password-file passwords`)).toMatchObject({
    exit: 2,
    err: expect.stringContaining("3 lines, and the phone 2"),
  });
  expect((await play(home, `${add} --replace --password-file nowhere`)).err).toContain("E_INVENTORY_FILE");
  expect((await play(home, `${add} --replace --set-file phone_password`)).exit).toBe(2);
});

test("S24 a setting is secret by its name, in lists, exports and explanations alike", async () => {
  const names = ["admin_password", "encrypt_key", "ui_pin", "snmp_community", "wifi_passphrase", "api_token", "PWD0"];
  for (const name of names) writeFileSync(join(home, name), `c4nary-${name}`);
  const settings = names.map((name) => `--set-file ${name}=${name}`).join(" ");
  expect((await play(home, `${add} ${settings} --set phone_prompt=Desk`)).exit).toBe(0);
  for (const words of [
    "phones list --json",
    "phones show 000e84c060a6 --json",
    "phones export",
    "render SIPDefault.cnf --mac 000e84c060a6 --explain",
  ]) {
    const { exit, out } = await play(home, words);
    expect([words, exit, out.includes("c4nary")]).toEqual([words, 0, false]);
  }
  expect((await play(home, "phones show 000e84c060a6 --json")).out).toContain('"phone_prompt": "Desk"');
  const whole = (await play(home, "phones export --passwords")).out;
  for (const name of names.filter((one) => one === one.toLowerCase())) expect(whole).toContain(`c4nary-${name}`);
});

test("S24 the key may stand outside of the data folder, which then holds nothing that opens the passwords", async () => {
  configure("keyFile: ./keys.d\n");
  writeFileSync(join(home, "passwords"), "c4nary\nc4nary\n");
  expect((await play(home, `${add} --password-file passwords`)).exit).toBe(0);
  expect(statSync(join(home, "keys.d")).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(home, "var"))).not.toContain("secret.key");
  rmSync(join(home, "keys.d"));
  expect(await play(home, "phones list")).toMatchObject({ exit: 1, err: expect.stringContaining("E_STORE_KEY") });
  expect(existsSync(join(home, "keys.d"))).toBe(false);
});

test("S71 check names files with passwords that every user of the machine can read", async () => {
  writeFileSync(join(home, "ami.secret"), "s3cr3t\n");
  configure(
    "groups: { all: { settings: { admin_password: s3cr3t } } }\nrestart: { ami: { username: provision, secretFile: ./ami.secret } }\n",
  );
  chmodSync(join(home, "provision.yaml"), 0o644);
  chmodSync(join(home, "ami.secret"), 0o644);
  const before = (await play(home, "check --json")).out;
  expect(before).toContain("provision.yaml holds a password");
  expect(before).toContain("ami.secret holds a password");
  chmodSync(join(home, "provision.yaml"), 0o640);
  chmodSync(join(home, "ami.secret"), 0o600);
  expect((await play(home, "check --json")).out).not.toContain("holds a password");
});

test("S25 check names phones whose line has its own number or a vendor's default for a password", async () => {
  writeFileSync(join(home, "passwords"), "1001\nlong-and-unguessed\n");
  expect((await play(home, `${add} --password-file passwords`)).exit).toBe(0);
  expect((await play(home, "check")).out).toContain("its own number or a vendor's default: 00:0e:84:c0:60:a6");
  writeFileSync(join(home, "passwords"), "another-word\nlong-and-unguessed\n");
  await play(home, `${add} --replace --password-file passwords`);
  expect((await play(home, "check")).out).not.toContain("vendor's default");
});

test.each(["456", "cisco", "ADMIN", "1234", "PlcmSpIp"])("S25 phone_password %s is refused", async (password) => {
  writeFileSync(join(home, "phones.csv"), `mac,model,phone_password\n000e84c060a6,7960,${password}\n`);
  const { exit, err } = await play(home, "phones import phones.csv");
  expect([exit, err]).toEqual([1, expect.stringContaining("vendor's default")]);
});
