import { type Client, LocalDriver, LocalPresence, matchMaker, QueueRoom, Room } from "@colyseus/core";
import { type Arrival, stream } from "./arrivals.ts";
import type { Played } from "./outcome.ts";

/** ms in which whoever is left may still be matched. */
const REST_MS = 30_000;

/** What a match is there: a room of its own, with its players' seats. */
class FightRoom extends Room {
  override maxClients = 2;
  override seatReservationTimeout = 1;
}

/** The room's own code with clients that have no sockets: they are told things, and say that they have their seat. */
export async function queueRoom(arrivals: readonly Arrival[], how: "as it comes" | "our window"): Promise<Played> {
  await matchMaker.setup(new LocalPresence(), new LocalDriver());
  await matchMaker.accept();
  let queue: QueueRoom | undefined;
  class Queue extends QueueRoom {
    override maxPlayers = 2;
    override onCreate(options: Parameters<QueueRoom["onCreate"]>[0]): void {
      super.onCreate(options);
      queue = this;
    }
  }
  matchMaker.defineRoomType("fight", FightRoom);
  matchMaker.defineRoomType("queue", Queue);
  await matchMaker.createRoom("queue", { matchRoomName: "fight" });
  if (queue === undefined) throw new Error("no queue");
  const room: QueueRoom = queue;
  room.autoDispose = false;
  if (how === "our window") {
    const own = room as unknown as {
      compare: (client: { rank: number; currentCycle: number }, group: { averageRank: number }) => boolean;
      maxWaitingCyclesForPriority: number | undefined;
    };
    own.compare = ({ rank, currentCycle }, { averageRank }) =>
      Math.abs(rank - averageRank) <= Math.min(500, 50 + 10 * currentCycle);
    own.maxWaitingCyclesForPriority = undefined;
  }
  const came = new Map<string, number>();
  const byRoom = new Map<string, { players: string[]; at: number }>();

  function clientOf({ joueurId }: Arrival): Client {
    const client = {
      sessionId: joueurId,
      auth: {},
      userData: undefined,
      send(type: string, message: { roomId?: string; room?: { roomId: string } }) {
        if (type !== "seat") return;
        const roomId = message.roomId ?? message.room?.roomId ?? "";
        const match = byRoom.get(roomId) ?? { players: [], at: performance.now() };
        byRoom.set(roomId, match);
        match.players.push(joueurId);
        match.at = performance.now();
        room.clients.delete(client as unknown as Client);
      },
      leave: () => room.clients.delete(client as unknown as Client),
    };
    return client as unknown as Client;
  }

  await stream(arrivals, (one) => {
    const client = clientOf(one);
    came.set(one.joueurId, performance.now());
    room.clients.push(client);
    room.onJoin(client as never, { rank: one.cote });
  });
  const end = performance.now() + REST_MS;
  while (room.clients.length > 1 && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 100));
  // Without sockets there is nothing to close.
  for (const client of [...room.clients]) room.clients.delete(client);
  await room.disconnect();
  return { came, matches: [...byRoom.values()].filter(({ players }) => players.length === 2) };
}
