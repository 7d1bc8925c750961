// Runs the import table over src/, and first over a small tree that breaks every rule, so that a check that can no
// longer fail is noticed. Also keeps ambient clocks and dice out of the pure folders, which no import betrays.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cruise } from "dependency-cruiser";
import configuration, { pure, table } from "../.dependency-cruiser.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const failures = [];

const broken = await violationsIn(join(root, "test/architecture/broken"));
const mustFail = [
  "wire-imports-only-its-row",
  "sim-imports-only-its-row",
  "provision-imports-only-its-row",
  "every-folder-stands-in-the-table",
  "main-imports-cli-alone",
  "nobody-imports-main",
  "pure-folders-touch-no-node-builtin",
  "no-cycles",
  "everything-resolves",
];
for (const rule of mustFail) {
  if (!broken.violations.some((v) => v.rule.name === rule))
    failures.push(`the rule ${rule} no longer finds its fixture`);
}
const ambientFixture = ambientIn(join(root, "test/architecture/broken/src"));
if (ambientFixture.length !== 3) failures.push("the check for clocks and dice no longer finds its fixture");

const real = await violationsIn(root);
if (real.modules === 0) failures.push("0 modules were seen in src/: the check has not run");
for (const violation of real.violations) {
  failures.push(`${violation.from} -> ${violation.to}: ${violation.rule.name}`);
}
failures.push(...ambientIn(join(root, "src")));
for (const folder of foldersOf(join(root, "src"))) {
  if (!(folder in table)) failures.push(`src/${folder} is not in the table of .dependency-cruiser.mjs`);
}
failures.push(...drawersIn(join(root, "src")));

if (failures.length > 0) {
  process.stderr.write(`${failures.join("\n")}\n${failures.length} breaches of docs/architecture.md\n`);
  process.exit(1);
}
process.stdout.write(`architecture: ${real.modules} modules, no breach; every rule finds its fixture\n`);

async function violationsIn(baseDir) {
  const { forbidden, options } = configuration;
  const result = await cruise(["src"], { ...options, baseDir, validate: true, ruleSet: { forbidden } });
  const { summary, modules } = result.output;
  return {
    violations: summary.violations,
    modules: modules.filter((module) => module.source.startsWith("src/")).length,
  };
}

function ambientIn(source) {
  const ambient =
    /\b(?:Date\.now\(|new Date\(\)|Math\.random\(|setTimeout\(|setInterval\(|performance\.|process\.|Buffer\b)/;
  return pure.flatMap((folder) =>
    filesUnder(join(source, folder)).flatMap((file) =>
      readFileSync(file, "utf8")
        .split("\n")
        .flatMap((line, i) => {
          const code = line.replace(/^\s*(?:\/\/|\/?\*).*/, "").replace(/\/\/.*/, "");
          return ambient.test(code) ? [`${file}:${i + 1}: a pure folder reaches for ${ambient.exec(code)[0]}`] : [];
        }),
    ),
  );
}

function drawersIn(source) {
  const drawer = /^(?:utils?|helpers?|common|lib|shared|types|index)(?:\.ts)?$/;
  return filesUnder(source)
    .filter((file) =>
      file
        .slice(source.length + 1)
        .split("/")
        .some((part) => drawer.test(part)),
    )
    .map((file) => `${file}: a drawer's name (docs/architecture.md)`);
}

function foldersOf(source) {
  return readdirSync(source, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}

function filesUnder(folder) {
  try {
    return readdirSync(folder, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
      .map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if (error.code === "ENOENT") return [];
    throw error;
  }
}
