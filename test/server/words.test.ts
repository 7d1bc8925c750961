import { describe, expect, test } from "vitest";
import { failure } from "../../src/server/failure.ts";
import { createLog } from "../../src/server/log.ts";
import { masked } from "../../src/server/masked.ts";
import { portTrouble } from "../../src/server/port-trouble.ts";
import { tftpNote } from "../../src/server/tftp-notes.ts";
import { told, untold } from "../../src/server/told.ts";
import { StoreError } from "../../src/store/store.ts";
import { parseIpv4, parseMac } from "../../src/wire/address.ts";

const ip = parseIpv4("192.0.2.50")!;
const system = (code: string) => Object.assign(new Error(`${code}: no`), { code });

describe("what is told of an error", () => {
  test("a failure of ours crosses the socket and is itself again", () => {
    const one = failure("E_USAGE", 2, { where: "--x", message: "no", remedy: "yes" });
    expect(untold(JSON.parse(JSON.stringify(told(one))))).toMatchObject({
      code: "E_USAGE",
      exit: 2,
      findings: one.findings,
    });
  });

  test("an error of another folder keeps its code, its place and its remedy", () => {
    expect(told(new StoreError("E_STORE_FULL", "no room"))).toEqual({
      code: "E_STORE_FULL",
      exit: 1,
      findings: [{ where: "", message: "no room", remedy: "" }],
    });
    const template = Object.assign(new Error("wrong"), { code: "E_TEMPLATE", where: "a.hbs:3", remedy: "right" });
    expect(told(template)).toMatchObject({ exit: 2, findings: [{ where: "a.hbs:3", remedy: "right" }] });
    const many = Object.assign(new Error("x"), {
      code: "E_X",
      findings: [{ file: "a.yaml", line: 3, reason: "r", remedy: "m" }, 7],
    });
    expect(told(many).findings).toEqual([{ where: "a.yaml:3", message: "r", remedy: "m" }]);
  });

  test("a refusal of the system and a mistake of ours are told apart, and neither shows a stack", () => {
    expect(told(system("ENOSPC"))).toMatchObject({ code: "E_SYSTEM", exit: 1 });
    expect(told(new TypeError("x is not a function"))).toMatchObject({ code: "E_UNEXPECTED", exit: 1 });
    expect(told("nothing")).toMatchObject({ findings: [{ message: "nothing" }] });
    expect(told(undefined)).toMatchObject({ code: "E_UNEXPECTED" });
  });

  test.each([
    ["EACCES", "CAP_NET_BIND_SERVICE"],
    ["EADDRINUSE", "ss -ltnp"],
    ["EADDRNOTAVAIL", "ip -4 addr"],
    ["EWHATEVER", "another http.listen"],
  ])("a port that gives %s comes with its remedy", (code, remedy) =>
    expect(portTrouble("192.0.2.1", 80, system(code)).findings[0]).toMatchObject({
      where: "192.0.2.1:80/tcp",
      remedy: expect.stringContaining(remedy),
    }),
  );
});

describe("the log", () => {
  function heard(write: (log: ReturnType<typeof createLog>) => void, level = "trace") {
    const lines: Record<string, unknown>[] = [];
    write(createLog(level, { write: (line) => void lines.push(JSON.parse(line)) }));
    return lines;
  }

  test("has one object a line, a MAC as people read it, and nothing of the machine", () => {
    const [line] = heard((log) =>
      log.note({ event: "stage.arrived", detail: "a\nb", mac: parseMac("000e84c060a6")!, ip }),
    );
    expect(line).toEqual({
      level: "info",
      time: expect.any(String),
      event: "stage.arrived",
      detail: "a\nb",
      mac: "00:0e:84:c0:60:a6",
      ip,
    });
  });

  test("is silent below its level", () => {
    expect(heard((log) => log.note({ event: "x", detail: "" }), "error")).toEqual([]);
    expect(heard((log) => log.error({ event: "x", detail: "" }), "error")).toHaveLength(1);
  });

  test("masks whatever is named like a secret, however deep, and no file that holds one", () => {
    expect(
      masked({
        line1_password: "x",
        a: [{ secret: "x", adminPassword: "x", b: 1 }],
        secretFile: "./f",
        auth_name: "x",
        phone_pin: "1",
      }),
    ).toEqual({
      line1_password: "***",
      a: [{ secret: "***", adminPassword: "***", b: 1 }],
      secretFile: "./f",
      auth_name: "***",
      phone_pin: "***",
    });
  });

  test("says what TFTP did, in the events of docs/events.md", () => {
    const report = { ip, port: 1, filename: "a", octets: 512, packets: 2, resent: 1, milliseconds: 3.4 };
    const lines = heard((log) => {
      tftpNote({ event: "transfer.started", ip, port: 1, filename: "a" }, log);
      tftpNote({ event: "transfer.done", ...report }, log);
      tftpNote({ event: "transfer.broken", because: "silence", ...report }, log);
      tftpNote({ event: "upload.done", ...report }, log);
      tftpNote({ event: "upload.broken", because: "silence", ...report }, log);
      tftpNote({ event: "request.refused", ip, filename: "a", code: 1, because: "not there" }, log);
      tftpNote({ event: "request.dropped", ip, because: "not allowed" }, log);
      tftpNote({ event: "tftp.note", message: "small buffer" }, log);
      tftpNote({ event: "tftp.failed", filename: "a", error: new Error("EIO") }, log);
    });
    expect(lines.map(({ level, event, detail }) => `${level} ${event}: ${detail}`)).toEqual([
      "info transfer.started: port 1",
      "info transfer.done: 512 octets in 2 packets, 1 of them again, 3 ms",
      "info transfer.broken: silence; 512 octets in 2 packets, 1 of them again, 3 ms",
      "info upload.done: 512 octets, 3 ms",
      "info upload.broken: silence; 512 octets, 3 ms",
      "info request.refused: 1: not there",
      "warn request.dropped: not allowed",
      "warn tftp.note: small buffer",
      "error tftp.failed: EIO",
    ]);
  });
});
