import { tryLuck } from "./luck.ts";

/** One share of goal R43 in a process of its own: says what it had as one line of JSON. */
const [first = 0, count = 0, seed = 0] = process.argv.slice(2).map(Number);
process.stdout.write(`${JSON.stringify(await tryLuck(first, count, seed))}\n`);
