import { pino } from "pino";
import { readConfig } from "../../server/config.ts";
import { listenGamePort } from "../../server/game-port.ts";
import { freePort } from "../../server/ports.ts";
import { createContender, createDuels, type Duel, type Kind } from "./contender.ts";

/**
 * One contender, in a process of its own: `node room-server.ts <plain|memory|durable> <uws|ws> <combats> [database url]`.
 * Prints one line of JSON when it is ready, and ends with its standard input.
 */
export interface Ready {
  readonly port: number;
  readonly duels: readonly Duel[];
}

const [kind, transport, count, databaseUrl = ""] = process.argv.slice(2);
const duels = createDuels(Number(count));
const port = await freePort("127.0.0.1");
const room = await createContender(kind as Kind, duels, databaseUrl);
await listenGamePort(
  readConfig({ TRANSPORT: transport, HOST: "127.0.0.1", CONNECTIONS: "100000", CONNECTIONS_PER_ADDRESS: "100000" }),
  port,
  { combat: { room, key: "combatId" } },
  pino({ level: "fatal" }),
);
process.stdin.on("end", () => process.exit(0)).resume();
console.log(JSON.stringify({ port, duels } satisfies Ready));
