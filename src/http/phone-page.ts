import { createHash } from "node:crypto";
import { Hono } from "hono";
import type { Guidance } from "../migration/guide.ts";
import type { PhoneStatus } from "../provision/status.ts";
import { type Mac, parseMac } from "../wire/address.ts";
import type { Surroundings } from "./access.ts";

/** A phone's state and what to do with it; undefined when it is not enrolled. */
export type FindGuided = (
  mac: Mac,
) => Promise<{ readonly phone: PhoneStatus; readonly guidance: Guidance } | undefined>;

const style =
  "body{font:17px/1.45 sans-serif;margin:1rem auto;max-width:40rem;padding:0 1rem;color:#000;background:#fff}" +
  "h1{font-size:1.3rem}h2{font-size:1.05rem;margin-top:1.4rem}.now{font-size:1.15rem;border-left:4px solid #000;padding-left:.7rem}" +
  "li{margin-bottom:.5rem}small{color:#444}code{overflow-wrap:anywhere}";

/** The page has no script, loads nothing, and cannot be framed; its one style is named by its hash. */
const policy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'`,
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/**
 * `GET /phones/<mac>`: what the phone does now and what to do next, for the technician who has scanned the plan's code.
 * Read only; renews itself every five seconds.
 */
export function phonePage(find: FindGuided): Hono<Surroundings> {
  return new Hono<Surroundings>().get("/:mac", async (context) => {
    const mac = parseMac(context.req.param("mac"));
    const found = mac && (await find(mac));
    if (found === undefined) return context.notFound();
    context.header("Content-Security-Policy", policy);
    context.header("Referrer-Policy", "no-referrer");
    return context.html(pageOf(found.phone, found.guidance));
  });
}

function pageOf(phone: PhoneStatus, { now, next, ifItShows, over }: Guidance): string {
  const rows = ifItShows.map(
    (row) =>
      `<li><b>${text(row.sees)}</b>: ${text(row.meaning)}<p>${text(row.do)}</p><small>Likeliest: ${text(row.causes.join(" Or: "))}</small></li>`,
  );
  return [
    "<!doctype html>",
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    over ? "" : '<meta http-equiv="refresh" content="5">',
    `<title>${text(phone.mac)}</title><style>${style}</style></head><body>`,
    `<h1>${text(phone.model)} ${text(phone.mac)}</h1>`,
    `<p>${text(phone.release ?? "unknown")} to ${text(phone.target)}, stage ${phone.stage} of ${phone.stages}, ${text(phone.state)}${phone.ip === null ? "" : `, ${text(phone.ip)}`}</p>`,
    `<p class="now">${text(now)}</p>`,
    next.length === 0 ? "" : `<h2>Next</h2><ol>${next.map((line) => `<li>${text(line)}</li>`).join("")}</ol>`,
    rows.length === 0 ? "" : `<h2>If it shows</h2><ul>${rows.join("")}</ul>`,
    phone.evidence.length === 0
      ? ""
      : `<h2>What it did</h2><ul>${phone.evidence.map((line) => `<li><code>${text(line)}</code></li>`).join("")}</ul>`,
    "</body></html>\n",
  ].join("\n");
}

/** Whatever a phone or a file said becomes letters, never markup; controls and what turns the reading direction are left out. */
function text(plain: string): string {
  return plain
    .replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, " ")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;")
    .replace(/'/g, "&#39;");
}
