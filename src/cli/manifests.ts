import { resolve } from "node:path";
import { Command, Option } from "commander";
import { edgesMermaid, edgesText } from "../firmware/draw.ts";
import { edgesSvg } from "../firmware/draw-svg.ts";
import { allowed } from "../firmware/graph.ts";
import { knowledgeIn, loadKnowledge, surroundingsOf } from "../server/knowledge.ts";
import type { Run } from "./action.ts";
import type { Globals } from "./globals.ts";
import { policyOption } from "./plan.ts";
import { say, sayJson, type Terminal, table } from "./terminal.ts";

/** `provision manifests …`: the reviewed data behind every plan. */
export function manifests(run: Run): Command {
  const group = new Command("manifests")
    .description("the firmware manifests: check, edges")
    .addHelpText("after", "\nExample:\n  provision manifests edges 7960");
  group
    .command("check [folder]")
    .description("read every manifest, the shipped ones or a folder's, and name each mistake with its line")
    .option("--json", "one JSON document")
    .addHelpText("after", "\nExample:\n  provision manifests check ./firmware-manifests")
    .action(run(check));
  group
    .command("edges <model>")
    .description("every release of a model and every step that leaves it, with rule and grade")
    .addOption(policyOption())
    .addOption(new Option("--format <format>", "how to print it").choices(["text", "mermaid", "svg"]).default("text"))
    .addHelpText("after", "\nExample:\n  provision manifests edges 7960 --format svg > 7960.svg")
    .action(run(edges));
  return group;
}

async function check(terminal: Terminal, options: Globals, folder?: string): Promise<number> {
  const known = folder === undefined ? await loadKnowledge() : await knowledgeIn(resolve(terminal.cwd, folder));
  const families = known.families.flatMap(({ id }) => known.graph(id) ?? []);
  const counted = families.map(({ family, releases, edges: steps, blocked }) => ({
    family,
    releases: releases.size,
    steps: steps.length,
    blocked: blocked.length,
    remedies: known.remedies(family)?.remedies.length ?? 0,
  }));
  if (options.json === true) sayJson(terminal, { families: counted });
  else {
    const rows = counted.map((one) => [
      one.family,
      ...[one.releases, one.steps, one.blocked, one.remedies].map(String),
    ]);
    say(terminal, table(["FAMILY", "RELEASES", "STEPS", "BLOCKED", "REMEDIES"], rows));
  }
  return 0;
}

interface EdgesOptions extends Globals {
  readonly policy: "strict" | "documented";
  readonly format: "text" | "mermaid" | "svg";
}

const drawings = { text: edgesText, mermaid: edgesMermaid, svg: edgesSvg };

async function edges(terminal: Terminal, { policy, format }: EdgesOptions, text = ""): Promise<number> {
  const { model, graph } = surroundingsOf(await loadKnowledge(), text);
  const within = allowed(graph, { model: model.id, policy });
  terminal.out.write(drawings[format](within));
  return 0;
}
