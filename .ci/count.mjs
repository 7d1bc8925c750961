// count.mjs FAILED_STEPS REPORT.json…: prints `N passed, N failed` over Vitest's JSON reports. A test file that could not
// even be read has no tests of its own and counts as one failure; so does a report that is missing, and a run that failed
// (REPORT.json.failed stands beside it) although every test passed, as where coverage falls short.
import { existsSync, readFileSync } from "node:fs";

const [failedSteps, ...reports] = process.argv.slice(2);
let passed = 0;
let failed = Number(failedSteps);
let skipped = 0;
for (const path of reports) {
  let report;
  try {
    report = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    failed += 1;
    continue;
  }
  const before = failed;
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  skipped += report.numPendingTests + report.numTodoTests;
  for (const file of report.testResults) {
    const told = file.assertionResults.some((test) => test.status === "failed");
    if (file.status === "failed" && !told) failed += 1;
  }
  if (failed === before && existsSync(`${path}.failed`)) failed += 1;
}
if (skipped > 0) {
  process.stderr.write(`${skipped} tests were skipped: none may be\n`);
  failed += skipped;
}
process.stdout.write(`${passed} passed, ${failed} failed\n`);
if (failed > 0) process.exit(1);
