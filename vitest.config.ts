import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    globalSetup: "test/scratch.ts",
    include: ["test/**/*.test.ts"],
    exclude: ["test/interop/**", "test/bench/**", "test/gate/**"],
    testTimeout: 20_000,
    // Vitest leaves a core free; on two cores that would be half the machine.
    maxWorkers: "100%",
    coverage: {
      provider: "v8",
      include: ["src/**"],
      reporter: ["text-summary", "json-summary"],
      // Measured over the tests that need no root and no package; main.ts and the rehearsal also run in CI by hand.
      thresholds: { lines: 85, functions: 85, statements: 85, branches: 75 },
    },
  },
});
