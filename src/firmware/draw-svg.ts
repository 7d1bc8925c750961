import { type Arrow, arrowsOf, bundlesOf, endsOf, type Kind, kindsOf, labelOf } from "./draw.ts";
import { weakestGrade } from "./graph.ts";
import type { UpdateGraph } from "./release.ts";

interface Point {
  readonly x: number;
  readonly y: number;
}

const box = { width: 210, height: 36, gap: 16 };
const column = 560;
const margin = 150;

/**
 * The graph as an SVG drawing without script or font from elsewhere: a column per protocol, oldest above; releases that
 * no rule tells apart in one box. A thick line is one-way, a dashed one rests on the documented policy; a rule that
 * joins several boxes with several others is a point between the columns.
 */
export function edgesSvg(graph: UpdateGraph): string {
  const kinds = kindsOf(graph);
  const places = placesOf(kinds);
  const taken: number[] = [];
  const lines: string[] = [];
  for (const arrows of bundlesOf(arrowsOf(graph, kinds))) lines.push(...bundle(arrows, places, taken));
  const all = [...places.values()];
  const width = Math.max(...all.map((p) => p.x)) + box.width + margin;
  const height = Math.max(...all.map((p) => p.y), ...taken) + box.height + 40;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<title>${text(graph.family)}</title>`,
    '<defs><marker id="end" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>',
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...lines,
    ...kinds.map((kind) => boxOf(kind, places.get(kind) ?? { x: 0, y: 0 })),
    `<text x="${margin}" y="${height - 12}" font-size="11">thick: no way back; dashed: only under the policy documented; the letter behind a rule: its grade, A to D</text>`,
    "</svg>",
    "",
  ].join("\n");
}

/** The upper left corner of each box. */
function placesOf(kinds: readonly Kind[]): ReadonlyMap<Kind, Point> {
  const columns = [...new Set(kinds.map((kind) => kind.releases[0]?.protocol))];
  const filled = columns.map(() => 0);
  return new Map(
    kinds.map((kind) => {
      const at = columns.indexOf(kind.releases[0]?.protocol);
      const row = filled[at] ?? 0;
      filled[at] = row + 1;
      return [kind, { x: margin + at * column, y: 30 + row * (box.height + box.gap) }];
    }),
  );
}

function bundle(arrows: readonly Arrow[], places: ReadonlyMap<Kind, Point>, taken: number[]): string[] {
  const edge = arrows[0]?.edge;
  if (edge === undefined) return [];
  const look = `fill="none" stroke="#345" stroke-width="${edge.oneWay ? 2.5 : 1}"${edge.policy === "documented" ? ' stroke-dasharray="5 4"' : ""}`;
  const named = `${edge.rule} ${weakestGrade(edge.because)}`;
  const place = (kind: Kind): Point => places.get(kind) ?? { x: 0, y: 0 };
  const { froms, tos, shared } = endsOf(arrows);
  if (!shared) {
    return arrows.map(({ from, to }, at) => {
      const { path, middle } = curve(place(from), place(to));
      return `<path d="${path}" ${look} marker-end="url(#end)"/>${at === 0 ? caption(middle, named) : ""}`;
    });
  }
  const ends = [...froms, ...tos].map(place);
  // Always beside the boxes: between the columns that it joins, or to the right of the one.
  const [left, right] = [Math.min(...ends.map((p) => p.x)) + box.width, Math.max(...ends.map((p) => p.x))];
  const hub = {
    x: right > left ? (left + right) / 2 : left + 90,
    y: free(taken, ends.reduce((sum, p) => sum + p.y, 0) / ends.length + box.height / 2),
  };
  return [
    ...froms.map((kind) => `<path d="${straight(edgeOf(place(kind), hub), hub)}" ${look}/>`),
    ...tos.map((kind) => `<path d="${straight(hub, edgeOf(place(kind), hub))}" ${look} marker-end="url(#end)"/>`),
    `<circle cx="${hub.x}" cy="${hub.y}" r="4" fill="#345"/>${caption({ x: hub.x, y: hub.y - 8 }, named)}`,
  ];
}

/** A height at which no other point's caption stands. */
function free(taken: number[], wanted: number): number {
  let y = wanted;
  while (taken.some((other) => Math.abs(other - y) < 18)) y += 18;
  taken.push(y);
  return y;
}

/** Where a line towards `goal` leaves a box: the middle of the side that faces it. */
function edgeOf(corner: Point, goal: Point): Point {
  return { x: goal.x > corner.x + box.width / 2 ? corner.x + box.width : corner.x, y: corner.y + box.height / 2 };
}

function straight(from: Point, to: Point): string {
  return `M${from.x} ${from.y}L${to.x} ${to.y}`;
}

/** Within a column the line bows out to the left, the farther the more; between columns it is straight. */
function curve(from: Point, to: Point): { path: string; middle: Point } {
  if (from.x !== to.x) {
    const start = edgeOf(from, to);
    const end = edgeOf(to, from);
    return { path: straight(start, end), middle: { x: (start.x + end.x) / 2, y: (start.y + end.y) / 2 - 4 } };
  }
  const start = { x: from.x, y: from.y + box.height / 2 + (from.y < to.y ? 6 : -6) };
  const end = { x: to.x, y: to.y + box.height / 2 + (from.y < to.y ? -6 : 6) };
  const bow = from.x - Math.min(130, 30 + Math.abs(to.y - from.y) / 3);
  return {
    path: `M${start.x} ${start.y}C${bow} ${start.y} ${bow} ${end.y} ${end.x} ${end.y}`,
    middle: { x: (from.x + bow * 3) / 4, y: (start.y + end.y) / 2 },
  };
}

function boxOf(kind: Kind, { x, y }: Point): string {
  const lines = labelOf(kind);
  const top = y + box.height / 2 + 4 - (lines.length - 1) * 7;
  return [
    `<rect x="${x}" y="${y}" width="${box.width}" height="${box.height}" rx="4" fill="#eef3f8" stroke="#345"/>`,
    ...lines.map(
      (line, at) => `<text x="${x + box.width / 2}" y="${top + at * 14}" text-anchor="middle">${text(line)}</text>`,
    ),
  ].join("");
}

function caption({ x, y }: Point, named: string): string {
  return `<text x="${x}" y="${y}" text-anchor="middle" font-size="11" paint-order="stroke" stroke="#fff" stroke-width="3">${text(named)}</text>`;
}

function text(plain: string): string {
  return plain.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}
