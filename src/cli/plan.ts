import { Command, Option } from "commander";
import { planJson, planText } from "../migration/plan-document.ts";
import { planHtml } from "../migration/plan-document-html.ts";
import { planMarkdown } from "../migration/plan-document-markdown.ts";
import { loadConfig } from "../server/config.ts";
import { loadKnowledge, planFor } from "../server/knowledge.ts";
import { phonePage, settingOf } from "../server/plan-report.ts";
import { readVault } from "../server/vault.ts";
import type { Run } from "./action.ts";
import { configSources, type Globals } from "./globals.ts";
import { sayJson, type Terminal, tell } from "./terminal.ts";

interface Options extends Globals {
  readonly model: string;
  readonly mac?: string;
  readonly from?: string;
  readonly to: string;
  readonly policy: "strict" | "documented";
  readonly format: "text" | "markdown" | "html" | "json";
}

/** `provision plan`: the technician's plan. Changes nothing. */
export function plan(run: Run): Command {
  return new Command("plan")
    .description("print the stages that lead a phone to another release, with their reasons")
    .requiredOption("--model <model>", "e.g. 7960, 7960G, CP-7960G")
    .option("--from <release>", 'what it runs: a load, "SCCP 3.1", or unknown')
    .requiredOption("--to <target>", "sip, sccp or a load")
    .option("--mac <mac>", "the phone it is printed for: the HTML page then carries a code to its live status")
    .addOption(policyOption())
    .addOption(
      new Option("--format <format>", "how to print it").choices(["text", "markdown", "html", "json"]).default("text"),
    )
    .addHelpText(
      "after",
      '\nExample:\n  provision plan --model 7960 --from "SCCP 3.1" --to sip --format markdown > plan.md',
    )
    .action(run(print));
}

/** `--policy`, the same for every command that plans. */
export function policyOption(): Option {
  return new Option("--policy <policy>", "strict, or with the shortcuts that a stricter source contradicts")
    .choices(["strict", "documented"])
    .default("strict");
}

async function print(terminal: Terminal, options: Options): Promise<number> {
  const config = loadConfig(configSources(terminal, options), false);
  const known = await loadKnowledge();
  const { model, planned } = planFor(known, options);
  const bare = await settingOf(known, await readVault(config, known), model.id, planned);
  const setting = options.mac === undefined ? bare : { ...bare, phone: phonePage(config, options.mac) };
  if (options.mac !== undefined && config.http.listen.startsWith("127."))
    tell(terminal, `http.listen is ${config.http.listen}: nobody else can open the page behind the code.`);
  switch (options.format) {
    case "json":
      sayJson(terminal, planJson(planned, setting));
      break;
    case "markdown":
      terminal.out.write(planMarkdown(planned, setting));
      break;
    case "html":
      terminal.out.write(planHtml(planned, setting));
      break;
    default:
      terminal.out.write(planText(planned, setting));
  }
  return planned.kind === "no-path" ? 3 : 0;
}
