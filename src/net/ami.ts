import { connect, type Socket } from "node:net";
import type { AskPbx } from "../provision/restart.ts";

/** Where Asterisk's manager interface listens, and as whom. */
export interface AmiPlace {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly secret: string;
  readonly driver: "pjsip" | "sip";
}

/** Milliseconds for the whole conversation, and octets that the PBX may say in it. */
const patience = 5_000;
const mostOctets = 65_536;

/**
 * Lets Asterisk send a NOTIFY to an endpoint whose registration it holds: `PJSIPNotify`, or `SIPnotify` for chan_sip.
 * One connection for each request. No field can end a line, so that none can smuggle in another action; nothing that
 * is told carries the secret.
 */
export function createAmi(place: AmiPlace): AskPbx {
  return async (endpoint, { event, body = [] }) => {
    const variables = [
      `Event=${event}`,
      ...(body.length === 0
        ? ["Content-Length=0"]
        : ["Content-Type=text/plain", ...body.map((text) => `Content=${text}`)]),
    ];
    const action =
      place.driver === "pjsip"
        ? [
            ["Action", "PJSIPNotify"],
            ["Endpoint", endpoint],
          ]
        : [
            ["Action", "SIPnotify"],
            ["Channel", endpoint],
          ];
    const request = [...action, ...variables.map((text) => ["Variable", text])] as [string, string][];
    const login: [string, string][] = [
      ["Action", "Login"],
      ["Username", place.username],
      ["Secret", place.secret],
      ["Events", "off"],
    ];
    if (![...login, ...request].every(([, value]) => isOneLine(value)))
      return { is: "refused", because: "a name has characters that Asterisk's manager interface cannot carry" };
    return converse(place, [login, request]);
  };
}

function isOneLine(value: string): boolean {
  return /^[\x20-\x7e]{1,500}$/.test(value);
}

function written(fields: readonly (readonly [string, string])[], id: number): string {
  return `${fields.map(([name, value]) => `${name}: ${value}\r\n`).join("")}ActionID: ${id}\r\n\r\n`;
}

type Answer = Awaited<ReturnType<AskPbx>>;

function converse(place: AmiPlace, actions: readonly [string, string][][]): Promise<Answer> {
  return new Promise((resolve) => {
    const socket: Socket = connect({ host: place.host, port: place.port });
    let heard = "";
    let sent = 0;
    let greeted = false;
    const end = (answer: Answer) => {
      clearTimeout(deadline);
      socket.destroy();
      resolve(answer);
    };
    const refuse = (because: string) => end({ is: "refused", because });
    const deadline = setTimeout(() => refuse("the manager interface did not answer in time"), patience);
    const next = () => {
      const action = actions[sent];
      if (action === undefined) return end({ is: "sent" });
      sent++;
      socket.write(written(action, sent));
    };
    socket.setEncoding("latin1");
    socket.on("error", (error: NodeJS.ErrnoException) =>
      refuse(`the manager interface cannot be reached (${error.code ?? "connection failed"})`),
    );
    socket.on("close", () => refuse("the manager interface hung up"));
    socket.on("data", (piece: string) => {
      heard += piece;
      if (heard.length > mostOctets) return refuse("the manager interface says too much");
      if (!greeted) {
        const line = heard.indexOf("\n");
        if (line < 0) return;
        if (!heard.startsWith("Asterisk Call Manager")) return refuse("this is no Asterisk manager interface");
        heard = heard.slice(line + 1);
        greeted = true;
        next();
      }
      for (let stop = heard.indexOf("\r\n\r\n"); stop >= 0; stop = heard.indexOf("\r\n\r\n")) {
        const block = heard.slice(0, stop);
        heard = heard.slice(stop + 4);
        if (!new RegExp(`^ActionID: ${sent}\\r?$`, "m").test(block)) continue;
        if (/^Response: Success\r?$/m.test(block)) next();
        else if (sent === 1) refuse("the manager interface refused the login (restart.ami)");
        else refuse(`Asterisk says: ${printable(/^Message: ([^\r\n]{0,120})/m.exec(block)?.[1] ?? "an error")}`);
      }
    });
  });
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?");
}
