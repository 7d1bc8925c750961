import { defineConfig } from "vitest/config";

/** Long figures: storms, fuzzing by the million, kills by the hundred. Not a part of `npm test`. */
export default defineConfig({
  test: {
    globalSetup: "test/scratch.ts",
    include: ["test/gate/**/*.test.ts"],
    testTimeout: 1_200_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});
