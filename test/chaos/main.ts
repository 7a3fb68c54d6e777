import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { describeReport } from "./report.ts";
import { runChaos } from "./run.ts";

/** `npm run chaos -- --minutes M --seed S`: ends with 1 if anything does not hold. */
const USAGE = "usage: npm run chaos -- [--minutes M] [--seed S] [--every SECONDS] [--games N] [--keep]";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "2" },
    seed: { type: "string" },
    every: { type: "string", default: "4" },
    games: { type: "string", default: "2" },
    keep: { type: "boolean", default: false },
  },
});
const [minutes, every, games] = [Number(values.minutes), Number(values.every), Number(values.games)];
const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000));
if (!(minutes > 0 && every > 0 && Number.isInteger(games) && games > 0 && Number.isInteger(seed))) {
  console.error(USAGE);
  process.exit(2);
}

const folder = await mkdtemp(join(tmpdir(), "aether-chaos-"));
await chmod(folder, 0o711);
await mkdir(join(folder, "journals"));
const ending = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => ending.abort());

// The SDK's word on each connection that a fault has ended.
for (const word of ["info", "warn"] as const) console[word] = () => undefined;
const begun = performance.now();
const say = (line: string): void =>
  console.log(`[${((performance.now() - begun) / 1_000).toFixed(1).padStart(6)}] ${line}`);
try {
  const options = { seed, durationMs: minutes * 60_000, everyMs: every * 1_000, games, folder, say };
  const report = await runChaos({ ...options, signal: ending.signal });
  console.log(describeReport(report));
  process.exitCode = report.problems.length === 0 ? 0 : 1;
} catch (error) {
  console.error(ending.signal.aborted ? "ended before there was a verdict" : error);
  process.exitCode = ending.signal.aborted ? 130 : 1;
}
if (process.exitCode === 0 && !values.keep) await rm(folder, { recursive: true, force: true });
else console.log(`logs and journals: ${folder}`);
process.exit();
