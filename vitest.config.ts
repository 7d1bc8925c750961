import { defineConfig } from "vitest/config";

/** Tests of values and of virtual time: they wait for nothing outside their own process. */
const pure = ["boot", "dhcp", "firmware", "lint", "migration", "phones", "render", "sim", "tftp", "wire"].map(
  (folder) => `test/${folder}/**/*.test.ts`,
);

export default defineConfig({
  test: {
    globalSetup: "test/scratch.ts",
    testTimeout: 20_000,
    // Some compile the whole program, beside another worker that does the same.
    hookTimeout: 60_000,
    // Vitest leaves a core free; on two cores that would be half the machine.
    maxWorkers: "100%",
    projects: [
      // They leave nothing behind in their process, so that the next file need not load everything anew.
      { extends: true, test: { name: "pure", include: pure, isolate: false } },
      {
        extends: true,
        test: {
          name: "real",
          include: ["test/**/*.test.ts"],
          exclude: [...pure, "test/interop/**", "test/bench/**", "test/gate/**"],
          // CI, whose word counts, gives a test with real sockets and real time a core beside its clients and servers.
          ...(process.env.REAL_ONE_BY_ONE === "1" ? { maxWorkers: 1, sequence: { groupOrder: 1 } } : {}),
        },
      },
    ],
    coverage: {
      provider: "v8",
      include: ["src/**"],
      reporter: ["text-summary", "json-summary"],
      // Measured over the tests that need no root and no package; main.ts and the rehearsal also run in CI by hand.
      thresholds: { lines: 85, functions: 85, statements: 85, branches: 75 },
    },
  },
});
