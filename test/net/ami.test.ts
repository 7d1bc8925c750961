import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createAmi } from "../../src/net/ami.ts";

const secret = "s3cret-canary";
const open: Server[] = [];

afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

type Block = Readonly<Record<string, readonly string[]>>;

/** Asterisk's manager interface as far as it is spoken here: what it heard, and an answer to each action. */
async function asterisk(
  answer: (block: Block) => string = () => "Success",
  greeting = "Asterisk Call Manager/5.0.1\r\n",
): Promise<{ readonly port: number; readonly heard: Block[]; readonly sockets: Socket[] }> {
  const heard: Block[] = [];
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => undefined);
    socket.write(greeting);
    let text = "";
    socket.on("data", (piece) => {
      text += piece.toString();
      for (let stop = text.indexOf("\r\n\r\n"); stop >= 0; stop = text.indexOf("\r\n\r\n")) {
        const fields: Record<string, string[]> = {};
        for (const line of text.slice(0, stop).split("\r\n")) {
          const [name = "", value = ""] = line.split(/: (.*)/s);
          fields[name] = [...(fields[name] ?? []), value];
        }
        text = text.slice(stop + 4);
        heard.push(fields);
        // An event between: it belongs to nobody.
        socket.write("Event: FullyBooted\r\nStatus: Fully Booted\r\n\r\n");
        const response = answer(fields);
        if (response !== "") socket.write(`Response: ${response}\r\nActionID: ${fields.ActionID?.[0]}\r\n\r\n`);
      }
    });
  });
  open.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, heard, sockets };
}

const place = { host: "127.0.0.1", username: "provision", secret, driver: "pjsip" as const };

test("chan_pjsip is asked by PJSIPNotify after a login", async () => {
  const { port, heard } = await asterisk();
  expect(await createAmi({ ...place, port })("1001", { event: "check-sync" })).toEqual({ is: "sent" });
  expect(heard).toMatchObject([
    { Action: ["Login"], Username: ["provision"], Secret: [secret], Events: ["off"] },
    { Action: ["PJSIPNotify"], Endpoint: ["1001"], Variable: ["Event=check-sync", "Content-Length=0"] },
  ]);
});

test("chan_sip is asked by SIPnotify; a body goes line by line", async () => {
  const { port, heard } = await asterisk();
  const ask = createAmi({ ...place, port, driver: "sip" });
  expect(await ask("1001", { event: "service-control", body: ["action=reset", "X={}"] })).toEqual({ is: "sent" });
  expect(heard[1]).toMatchObject({
    Action: ["SIPnotify"],
    Channel: ["1001"],
    Variable: ["Event=service-control", "Content-Type=text/plain", "Content=action=reset", "Content=X={}"],
  });
});

test("a name that would end a line reaches nobody", async () => {
  const { port, heard } = await asterisk();
  for (const endpoint of ["1001\r\nAction: Originate", "1001\nX: y", "", "a\u0000b", "\u2028"])
    expect(await createAmi({ ...place, port })(endpoint, { event: "check-sync" })).toMatchObject({ is: "refused" });
  expect(heard).toEqual([]);
});

test.each<[string, (block: Block) => string]>([
  ["refused the login", () => "Error\r\nMessage: Authentication failed"],
  [
    "Asterisk says: Unable to find endpoint",
    ({ Action }) => (Action?.[0] === "Login" ? "Success" : "Error\r\nMessage: Unable to find endpoint"),
  ],
  ["did not answer in time", () => ""],
])(
  "a PBX that %s: it is said, and the secret is not",
  async (because, answer) => {
    const { port } = await asterisk(answer);
    const told = await createAmi({ ...place, port })("1001", { event: "check-sync" });
    expect(told.is === "refused" && told.because).toContain(because);
    expect(JSON.stringify(told)).not.toContain(secret);
  },
  10_000,
);

test("something else behind the port, one that floods and one that hangs up are refusals", async () => {
  const ssh = await asterisk(undefined, "SSH-2.0-OpenSSH\r\n");
  expect(await createAmi({ ...place, port: ssh.port })("1", { event: "check-sync" })).toMatchObject({
    because: "this is no Asterisk manager interface",
  });
  expect(ssh.heard).toEqual([]);
  const flood = await asterisk(undefined, "x".repeat(100_000));
  expect(await createAmi({ ...place, port: flood.port })("1", { event: "check-sync" })).toMatchObject({
    because: "the manager interface says too much",
  });
  const gone = await asterisk(undefined, "");
  const asked = createAmi({ ...place, port: gone.port })("1", { event: "check-sync" });
  await expect.poll(() => gone.sockets.length).toBe(1);
  gone.sockets[0]?.end();
  expect(await asked).toMatchObject({ because: "the manager interface hung up" });
});
