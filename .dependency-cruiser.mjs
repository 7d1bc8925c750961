/**
 * The import table of docs/architecture.md, enforced by test/architecture.mjs. A folder imports itself and what stands
 * here, and nothing else of src/.
 */
const everything = [
  "wire",
  "firmware",
  "tftp",
  "dhcp",
  "phones",
  "migration",
  "render",
  "lint",
  "store",
  "provision",
  "files",
  "net",
  "http",
];

/** folder -> what it may import besides itself; `store.ts` stands for the interface alone. */
export const table = {
  wire: [],
  firmware: [],
  tftp: ["wire"],
  dhcp: ["wire"],
  sim: ["wire"],
  phones: ["wire", "firmware"],
  migration: ["wire", "firmware", "phones"],
  render: ["wire", "firmware", "phones"],
  lint: ["wire", "firmware", "phones"],
  store: ["wire", "dhcp", "firmware", "phones", "migration"],
  provision: ["wire", "dhcp", "firmware", "phones", "migration", "render", "store.ts"],
  files: ["firmware", "provision"],
  net: ["wire", "tftp", "dhcp", "phones", "provision"],
  http: ["wire", "dhcp", "firmware", "phones", "migration", "store.ts", "provision"],
  server: everything,
  cli: ["firmware", "phones", "migration", "render", "server", "sim"],
};

/** Folders that touch no Node built-in, no clock and no dice. */
export const pure = ["wire", "firmware", "tftp", "dhcp", "phones", "migration", "render", "lint", "provision"];

const pathOf = (name) => (name === "store.ts" ? "^src/store/store\\.ts$" : `^src/${name}/`);

const tableRules = Object.entries(table).map(([folder, allowed]) => ({
  name: `${folder}-imports-only-its-row`,
  severity: "error",
  comment: `docs/architecture.md: ${folder}/ may import ${allowed.length === 0 ? "nothing" : allowed.join(", ")}`,
  from: { path: `^src/${folder}/` },
  to: { path: "^src/", pathNot: [`^src/${folder}/`, ...allowed.map(pathOf)] },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
const configuration = {
  forbidden: [
    ...tableRules,
    {
      name: "main-imports-cli-alone",
      severity: "error",
      from: { path: "^src/main\\.ts$" },
      to: { path: "^src/", pathNot: "^src/cli/" },
    },
    {
      name: "every-folder-stands-in-the-table",
      severity: "error",
      from: { path: "^src/", pathNot: [...Object.keys(table).map((f) => `^src/${f}/`), "^src/main\\.ts$"] },
      to: {},
    },
    {
      name: "nobody-imports-main",
      severity: "error",
      from: {},
      to: { path: "^src/main\\.ts$" },
    },
    {
      name: "pure-folders-touch-no-node-builtin",
      severity: "error",
      from: { path: `^src/(${pure.join("|")})/` },
      to: { dependencyTypes: ["core"] },
    },
    { name: "no-cycles", severity: "error", from: { path: "^src/" }, to: { circular: true } },
    { name: "everything-resolves", severity: "error", from: { path: "^src/" }, to: { couldNotResolve: true } },
    {
      name: "no-development-dependency-in-src",
      severity: "error",
      from: { path: "^src/" },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"] },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    moduleSystems: ["es6"],
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "types", "node", "default"],
      extensions: [".ts", ".js", ".mjs", ".json"],
    },
  },
};

export default configuration;
