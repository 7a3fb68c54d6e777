import { mkdir, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { append } from "./append.ts";
import { idle } from "./idle.ts";
import { lag } from "./lag.ts";
import { describeMachine, loadAverage } from "./machine.ts";
import { marketBench } from "./market.ts";
import { matchmakingBench } from "./matchmaking.ts";
import { nodes } from "./nodes.ts";
import { players } from "./players.ts";
import { projections } from "./projections.ts";
import { reads } from "./reads.ts";
import { recovery } from "./recovery.ts";
import { replay } from "./replay.ts";
import { type Bench, printResult } from "./report.ts";
import { rooms } from "./rooms.ts";
import { findScratchDatabase } from "./scratch-database.ts";
import { spectators } from "./spectators.ts";

const BENCHES: readonly Bench[] = [
  append,
  rooms,
  replay,
  idle,
  marketBench,
  matchmakingBench,
  players,
  projections,
  lag,
  reads,
  spectators,
  recovery,
  nodes,
];
const USAGE = `usage: node bench/run.ts <${BENCHES.map(({ name }) => name).join("|")}> [--json] [--long] [--save]`;

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    long: { type: "boolean", default: false },
    save: { type: "boolean", default: false },
  },
});
const bench = BENCHES.find(({ name }) => name === positionals[0]);
if (bench === undefined || positionals.length !== 1) {
  console.error(USAGE);
  process.exit(2);
}

const begun = performance.now();
function progress(text: string): void {
  process.stderr.write(`[${((performance.now() - begun) / 1_000).toFixed(1).padStart(5)} s] ${text}\n`);
}

const database = await findScratchDatabase(process.env.DATABASE_URL);
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  // The drop ends the connections that the bench is still using: what they throw then is nobody's business any more.
  process.once(signal, () => {
    process.on("uncaughtException", () => undefined);
    process.on("unhandledRejection", () => undefined);
    void database.drop().finally(() => process.exit(code));
  });
}

try {
  const at = new Date().toISOString();
  const machine = await describeMachine(database.url);
  const loadBefore = loadAverage();
  const result = await bench.run({ databaseUrl: database.url, long: flags.long, progress });
  const record = { bench: bench.name, at, machine, aims: result.aims, figures: { ...result.figures, loadBefore } };
  if (flags.json) console.log(JSON.stringify(record));
  else {
    console.log(
      `${bench.name}, ${at}: ${machine.cores} × ${machine.cpu}, ${machine.memoryGiB} GiB, ${machine.os}, Node ${machine.node}, PostgreSQL ${machine.postgres}, load before ${loadBefore}`,
    );
    printResult(result);
  }
  if (flags.save) {
    const folder = new URL("./results/", import.meta.url);
    await mkdir(folder, { recursive: true });
    const file = new URL(`${bench.name}-${at.slice(0, 19).replaceAll(":", "")}.json`, folder);
    await writeFile(file, `${JSON.stringify({ ...record, notes: result.notes }, null, 2)}\n`);
    progress(`saved ${file.pathname}`);
  }
} catch (error) {
  // Said before the drop, which breaks the connections still open and would have its own errors take this one's place.
  console.error(error);
  process.exitCode = 1;
} finally {
  process.on("uncaughtException", () => undefined);
  await database.drop();
  process.exit();
}
