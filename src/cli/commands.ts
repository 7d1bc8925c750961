import type { Command } from "commander";
import type { Run } from "./action.ts";
import { ata } from "./ata.ts";
import { check } from "./check.ts";
import { dhcp } from "./dhcp.ts";
import { firmware } from "./firmware.ts";
import { guide } from "./guide.ts";
import { init } from "./init.ts";
import { lint } from "./lint.ts";
import { manifests } from "./manifests.ts";
import { migrate } from "./migrate.ts";
import { phones } from "./phones.ts";
import { plan } from "./plan.ts";
import { probe } from "./probe.ts";
import { rehearse } from "./rehearse.ts";
import { render } from "./render.ts";
import { report } from "./report.ts";
import { restart } from "./restart.ts";
import { serve } from "./serve.ts";
import { status } from "./status.ts";
import { cancel, pause, resume } from "./wish.ts";

/** Every command, in the order of `--help`. */
export const commands: readonly ((run: Run) => Command)[] = [
  init,
  check,
  serve,
  plan,
  migrate,
  status,
  guide,
  probe,
  report,
  restart,
  pause,
  resume,
  cancel,
  phones,
  firmware,
  manifests,
  dhcp,
  render,
  lint,
  ata,
  rehearse,
];
