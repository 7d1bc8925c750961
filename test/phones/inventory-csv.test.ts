import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readInventory, writeInventory } from "../../src/phones/inventory-csv.ts";
import type { Phone } from "../../src/phones/phone.ts";
import { parseMac } from "../../src/wire/address.ts";

const modelOf = (text: string) => (/^(?:cp-)?7960g?$/i.test(text) ? "7960" : undefined);

function phonesIn(text: string): readonly Phone[] {
  const inventory = readInventory(text, modelOf);
  if (inventory.is === "refused") throw new Error(JSON.stringify(inventory.problems));
  return inventory.phones;
}

function problemsIn(text: string) {
  const inventory = readInventory(text, modelOf);
  return inventory.is === "refused" ? inventory.problems : [];
}

describe("reading", () => {
  test("columns of the contract fill a phone; unknown columns are kept as settings", () => {
    const text =
      "mac,model,group,label,line1,line1_name,line1_auth,line1_password,Services URL\r\n" +
      '00:0E:84:C0:60:A6,CP-7960G,reception,"Desk, left",201,"Anna ""A."" Muster",201-phone,pw,http://h/x\r\n';
    expect(phonesIn(text)).toEqual([
      {
        mac: "000e84c060a6",
        model: "7960",
        group: "reception",
        label: "Desk, left",
        lines: [{ name: "201", displayName: 'Anna "A." Muster', authName: "201-phone", password: "pw" }],
        settings: { services_url: "http://h/x" },
      },
    ]);
  });

  test("a byte order mark, blank lines and a missing last line end are no fault", () => {
    expect(phonesIn("\ufeffmac,model\n\n000e84c060a6,7960\n,\n0011.2233.4455,")).toHaveLength(2);
  });

  test.each([";", "\t"])("a spreadsheet's %j between cells is understood", (delimiter) => {
    expect(phonesIn(`mac${delimiter}line1\n000e84c060a6${delimiter}201\n`)[0]?.lines).toEqual([{ name: "201" }]);
  });

  test.each([
    ["", 1, "empty"],
    ["model\n7960\n", 1, '"mac"'],
    ["mac\n", 2, "no phone"],
    ["mac,mac\n", 1, "twice"],
    ["mac,\n000e84c060a6,x\n", 1, "no name"],
    ["mac,a b!\n", 1, "none"],
    ["mac,model\n000e84c060a6,7960\nnonsense,7960\n", 3, "the MAC is none"],
    ["mac,model\n000e84c060a6,8888\n", 2, '"8888"'],
    ["mac,model\n000e84c060a6\n", 2, "1 cells, the header 2"],
    ["mac,model\n000e84c060a6,7960,x\n", 2, "3 cells, the header 2"],
    ["mac\n000e84c060a6\n00:0e:84:c0:60:a6\n", 3, "line 2 already"],
    ["mac,line2\n000e84c060a6,201\n", 2, "line1 is not"],
    ["mac,line1,line1_name\n000e84c060a6,,Anna\n", 2, "line1 is empty"],
    ["mac,sip_port\n000e84c060a6,70000\n", 2, "sip_port"],
    ["mac,label\n000e84c060a6,\u0000\n", 2, "U+0000 NUL"],
    ["mac,label\n000e84c060a6,\u{1f600}\n", 2, "U+1F600"],
    ["mac,label\n000e84c060a6,\ufffd\n", 2, "not UTF-8"],
    ['mac,label\n000e84c060a6,"two\nlines"\n', 2, "line feed"],
    ['mac,label\n000e84c060a6,"one\n', 2, "quotation marks"],
    ['mac,label\n000e84c060a6,o"ne"\n', 2, "quotation marks"],
  ])("a fault is named with its line: %j", (text, line, message) => {
    const [problem] = problemsIn(text);
    expect(problem?.message).toContain(message);
    expect(problem?.line).toBe(line);
    expect(problem?.remedy).not.toBe("");
  });

  test("the line of a row after a cell of two lines is the line of the file", () => {
    expect(problemsIn('mac,label\n000e84c060a6,"a\nb\nc"\nnonsense,x\n').map((p) => p.line)).toEqual([2, 5]);
  });

  test("one bad row keeps every good one out", () => {
    expect(readInventory("mac\n000e84c060a6\nbad\n", modelOf).is).toBe("refused");
  });

  test("every bad row is named, however many there are", () => {
    expect(problemsIn(`mac\n${"bad\n".repeat(50)}`)).toHaveLength(50);
    const many = problemsIn(`mac\n${"bad\n".repeat(500)}`);
    expect(many.map(({ line }) => line)).toEqual(Array.from({ length: 500 }, (_, i) => i + 2));
  });

  test("a cell that is longer than any phone's is named with its line", () => {
    const long = "x".repeat(257);
    expect(problemsIn(`mac,label,note\n000e84c060a6,${long},${long}\n`)).toMatchObject([
      { line: 2, message: "label has 257 characters", remedy: "Shorten it: 256 at most." },
    ]);
    expect(problemsIn(`mac,note\n000e84c060a6,${"x".repeat(4097)}\n`)).toHaveLength(1);
  });

  test("an address of many stations, or of none, is no phone's", () => {
    for (const mac of ["ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", "00:00:00:00:00:00"])
      expect(problemsIn(`mac\n${mac}\n`)).toMatchObject([{ line: 2, message: `${mac} belongs to no single phone` }]);
  });

  test("no message repeats a password", () => {
    const text =
      "mac,line1,line1_password,phone_password\nbad,201,Canary\u0001Secret,CanarySecretCanarySecretCanarySecret\n";
    expect(JSON.stringify(problemsIn(text))).not.toContain("Canary");
  });

  test("S34 a million rows, a row of megabytes and a quotation mark that is never closed are refused in words", {
    timeout: 60_000,
  }, () => {
    const row = "000e84c060a6,1001,secret,=1+1\n";
    const cases = [
      `mac,line1,line1_password,label\n${row.repeat(1_000_000)}`,
      `mac,line1\n000e84c060a6,${"x".repeat(4_000_000)}\n`,
      `mac,line1\n000e84c060a6,"${row.repeat(200_000)}`,
      `mac,line1\n000e84c060a6,${'"'.repeat(2_000_001)}\n`,
      `${Array.from({ length: 100_000 }, (_, i) => `c${i}`).join(",")}\n`,
    ];
    for (const text of cases) {
      const began = performance.now();
      const inventory = readInventory(text, modelOf);
      expect(inventory.is).toBe("refused");
      if (inventory.is === "refused") {
        expect(inventory.problems.length).toBeLessThanOrEqual(100);
        expect(inventory.problems[0]?.message).not.toContain("secret");
      }
      expect([text.slice(0, 40), performance.now() - began < 15_000]).toEqual([text.slice(0, 40), true]);
    }
  });

  test("any text is an inventory or a list of problems, never an exception", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        for (const whole of [text, `mac,line1\n${text}`]) {
          const inventory = readInventory(whole, modelOf);
          if (inventory.is === "refused") expect(inventory.problems.length).toBeGreaterThan(0);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("20,000 phones are read in well under the time of a coffee", { timeout: 20_000 }, () => {
    const rows = Array.from(
      { length: 20_000 },
      (_, i) => `000e84${i.toString(16).padStart(6, "0")},7960,${200 + i},"pw ""${i}"""`,
    );
    expect(phonesIn(`mac,model,line1,line1_password\n${rows.join("\n")}`)).toHaveLength(20_000);
  });
});

test("the load that a phone runs may stand in a column of its own, as a person writes it", () => {
  const read = readInventory("mac,model,Running\n000e84c060a6,7960, SCCP 3.1 \n000e84c060a7,7960,\n", (model) => model);
  if (read.is !== "read") throw new Error(JSON.stringify(read));
  expect(read.phones[0]).toMatchObject({ running: "SCCP 3.1", settings: {} });
  expect(read.phones[1]).not.toHaveProperty("running");
});

describe("writing", () => {
  const phone: Phone = {
    mac:
      parseMac("000e84c060a6") ??
      (() => {
        throw new Error("no MAC");
      })(),
    model: "7960",
    lines: [{ name: "+49301234", password: "top,secret" }],
    settings: { admin_password: "alsosecret", services_url: "=cmd|' /C calc'!A0" },
    running: "P0S3-8-12-00",
  };

  test("passwords are left out unless asked for", () => {
    expect(writeInventory([phone])).not.toContain("secret");
    expect(writeInventory([phone], { passwords: true })).toContain('"top,secret"');
  });

  test("no cell begins like a formula", () => {
    const cells = writeInventory([phone], { passwords: true }).split(/[\r\n,]+/);
    expect(cells.filter((cell) => /^"?[=+\-@\t]/.test(cell))).toEqual([]);
  });

  test("what is written reads back equal", () => {
    const word = fc
      .string({ unit: fc.constantFrom(...`aZ9 ,;"'=+-@ü\\<&`), minLength: 1, maxLength: 12 })
      .filter((text) => text.trim() !== "");
    const line = fc.record(
      { name: word, displayName: word, authName: word, password: word, label: word },
      { requiredKeys: ["name"] },
    );
    const phones = fc.uniqueArray(
      fc.record(
        {
          mac: fc
            .integer({ min: 1, max: 0xffffffff })
            .map((n) => parseMac(n.toString(16).padStart(12, "0")) ?? phone.mac),
          model: fc.constant("7960"),
          group: word,
          label: word,
          lines: fc.array(line, { maxLength: 20 }),
          settings: fc.dictionary(fc.constantFrom("room", "floor_no", "x1"), word, { noNullPrototype: true }),
        },
        { requiredKeys: ["mac", "lines", "settings"] },
      ),
      { minLength: 1, maxLength: 5, selector: (one) => one.mac },
    );
    fc.assert(
      fc.property(phones, (wanted) => {
        expect(phonesIn(writeInventory(wanted as Phone[], { passwords: true }))).toEqual(wanted);
      }),
      { numRuns: 200 },
    );
  });
});
