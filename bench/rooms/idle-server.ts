import { matchMaker } from "@colyseus/core";
import { pino } from "pino";
import { readConfig } from "../../server/config.ts";
import { listenGamePort } from "../../server/game-port.ts";
import { freePort } from "../../server/ports.ts";
import { createContender, createDuels, type Kind } from "./contender.ts";

/**
 * Rooms that nobody has joined, in a process of its own: `node --expose-gc idle-server.ts <kind> <rooms> <seconds> <database url>`.
 * Prints one line of JSON with what they cost, and ends.
 */
export interface IdleFigures {
  readonly heapMiB: number;
  readonly totalMiB: number;
  /** Percent of one core. */
  readonly cpuPercent: number;
}

/** Some 12 s after a process has gone quiet V8 shrinks its heap, once; what that costs is owed to the beginning, not to idle rooms. */
const SETTLE_MS = 13_500;

function memory(): { heap: number; total: number } {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return { heap: heapUsed / 2 ** 20, total: (heapUsed + external) / 2 ** 20 };
}

const [kind, count, seconds, databaseUrl = ""] = process.argv.slice(2);
const config = readConfig({
  TRANSPORT: "uws",
  HOST: "127.0.0.1",
  CONNECTIONS: "100000",
  CONNECTIONS_PER_ADDRESS: "100000",
});
const port = await freePort("127.0.0.1");
const before = memory();
let duels = createDuels(Number(count));
const room = await createContender(kind as Kind, duels, databaseUrl);
await listenGamePort(config, port, { combat: { room, key: "combatId" } }, pino({ level: "fatal" }));
for (const { combatId } of duels) {
  const { roomId } = await matchMaker.createRoom("combat", { combatId });
  matchMaker.getLocalRoomById(roomId).autoDispose = false;
}
duels = [];
await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
const after = memory();
const cpu = process.cpuUsage();
await new Promise((resolve) => setTimeout(resolve, Number(seconds) * 1_000));
const used = process.cpuUsage(cpu);
const figures: IdleFigures = {
  heapMiB: after.heap - before.heap,
  totalMiB: after.total - before.total,
  cpuPercent: (used.user + used.system) / 10_000 / Number(seconds),
};
console.log(JSON.stringify(figures));
process.exit(0);
