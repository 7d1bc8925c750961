// count.mjs FAILED_STEPS REPORT.json…: prints `N passed, N failed` over Vitest's JSON reports. A test file that could not
// even be read has no tests of its own and counts as one failure; so does a report that is missing, and a run that failed
// (REPORT.json.failed stands beside it) although every test passed, as where coverage falls short. What failed is named on
// standard error, for the end of a long log is what people are shown.
import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";

const MOST_NAMED = 20;
const [failedSteps, ...reports] = process.argv.slice(2);
const named = [];
let passed = 0;
let failed = Number(failedSteps);
let skipped = 0;
for (const path of reports) {
  let report;
  try {
    report = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    failed += 1;
    named.push(`${basename(path)}: the tests left no report`);
    continue;
  }
  const before = failed;
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  skipped += report.numPendingTests + report.numTodoTests;
  for (const file of report.testResults) {
    const broken = file.assertionResults.filter((test) => test.status === "failed");
    for (const test of broken)
      named.push(`${basename(path)}: ${place(file)} > ${test.fullName}: ${reason(test.failureMessages[0])}`);
    if (file.status === "failed" && broken.length === 0) {
      failed += 1;
      named.push(`${basename(path)}: ${place(file)}: ${reason(file.message)}`);
    }
  }
  if (failed === before && existsSync(`${path}.failed`)) {
    failed += 1;
    named.push(`${basename(path)}: every test passed and the run failed, as where coverage falls short`);
  }
}
if (skipped > 0) {
  process.stderr.write(`${skipped} tests were skipped: none may be\n`);
  failed += skipped;
}
for (const line of named.slice(0, MOST_NAMED)) process.stderr.write(`FAILED ${line}\n`);
if (named.length > MOST_NAMED) process.stderr.write(`and ${named.length - MOST_NAMED} more\n`);
process.stdout.write(`${passed} passed, ${failed} failed\n`);
if (failed > 0) process.exit(1);

function place(file) {
  return file.name.slice(file.name.lastIndexOf("/test/") + 1);
}

function reason(message = "") {
  return message.split("\n")[0].slice(0, 300);
}
