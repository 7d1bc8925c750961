import { defineConfig } from "vitest/config";

/** What needs root, network namespaces or Debian packages. It fails, and says what is missing, where it cannot run. */
export default defineConfig({
  test: {
    globalSetup: "test/scratch.ts",
    include: ["test/interop/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
});
