import { Client } from "@colyseus/sdk";
import { pino } from "pino";
import { v7 as uuidv7 } from "uuid";
import { Session } from "../../client/session.ts";
import { createActors } from "../../rooms/actors.ts";
import type { RoomLimits } from "../../rooms/aggregate-room.ts";
import { readConfig } from "../../server/config.ts";
import { listenGamePort } from "../../server/game-port.ts";
import type { Limits } from "../../server/limits.ts";
import { createMeasure } from "../../server/measure.ts";
import { createMetrics } from "../../server/metrics.ts";
import { freePort } from "../../server/ports.ts";
import type { EventStore } from "../../store/event-store.ts";
import { tally } from "./tally.ts";
import { createTallyRoom } from "./tally-room.ts";

export interface TallyState {
  readonly version: number;
  readonly sum: number;
  readonly reminded: boolean;
  readonly filler: string;
}
export type TallySession = Session<TallyState, { type: "Add"; amount: number }>;

/** A game port in this process whose rooms show tallies: one for each of the limits given, by its name. */
export async function startTallyServer(
  store: EventStore,
  transport: "uws" | "ws",
  rooms: Readonly<Record<string, RoomLimits>>,
  weight = 0,
  { env = {}, limits: players }: { env?: Readonly<Record<string, string>>; limits?: Limits } = {},
) {
  const refused: string[] = [];
  const faults: unknown[] = [];
  const cut: string[] = [];
  const measure = createMeasure(createMetrics());
  const telemetry = {
    measure: { ...measure, cut: (_room: string, why: string) => void cut.push(why) },
    refused: (code: string) => void refused.push(code),
    fault: (where: string, error: unknown) => void faults.push(where, error),
  };
  const authenticate = async (token: string | undefined) =>
    token === undefined ? undefined : ({ userId: token, role: "joueur", tenantId: "t" } as const);
  const actors = createActors(tally, store, telemetry, { nodeId: uuidv7(), tenantId: "t" });
  const config = readConfig({ HOST: "127.0.0.1", TRANSPORT: transport, ...env });
  const port = await freePort(config.host);
  const game = await listenGamePort(
    config,
    port,
    Object.fromEntries(
      Object.entries(rooms).map(([name, limits]) => [
        name,
        { room: createTallyRoom(actors, { authenticate, telemetry, limits, players }, weight), key: "tallyId" },
      ]),
    ),
    pino({ level: "silent" }),
    { joinElsewhere: async () => undefined, telemetry, ...(players && { addressWaitMs: players.addressWaitMs }) },
  );
  const url = `ws://127.0.0.1:${port}`;
  return {
    url,
    refused,
    faults,
    /** Why connections were ended by the server. */
    cut,
    /** Begins a tally; its id. */
    async begin(): Promise<string> {
      const tallyId = uuidv7();
      const answer = await actors.create(tallyId, { commandId: uuidv7(), command: { type: "Add", amount: 0 } });
      if (!answer.ok) throw new Error(answer.message);
      return tallyId;
    },
    join(room: string, tallyId: string, at = url): Promise<TallySession> {
      const client = new Client(at);
      client.auth.token = uuidv7();
      return Session.join(client, room, { tallyId, events: true }, 600_000);
    },
    /** In all rooms, those that are about to join among them. */
    clients: () => [...measure.rooms.values()].flatMap((open) => [...open]).reduce((sum, here) => sum + here(), 0),
    drain: () => actors.drain(),
    /** After a drain. */
    open: () => actors.open(),
    async close(): Promise<void> {
      await actors.close();
      await game.close();
    },
  };
}
