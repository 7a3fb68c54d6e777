import { type SchemaType, schema, t } from "@colyseus/schema";
import { z } from "zod";
import type { Actors } from "../../rooms/actors.ts";
import { createRoomClass, type RoomServices } from "../../rooms/aggregate-room.ts";
import type { Tally, TallyCommand } from "./tally.ts";

/** The tally's room: all that a second aggregate needs to be played over a socket. */
export const TallyView = schema(
  { version: t.number(), sum: t.number(), reminded: t.boolean(), filler: t.string() },
  "Tally",
);
export type TallyView = SchemaType<typeof TallyView>;

const wire = z.strictObject({ type: z.literal("Add"), amount: z.int() });

/** `weight`: bytes by which each state is heavier than it need be, to make a slow reader slow. */
export function createTallyRoom(actors: Actors<Tally, TallyCommand>, services: RoomServices, weight = 0) {
  return createRoomClass<Tally, TallyCommand, TallyView>(
    {
      name: "tally",
      key: "tallyId",
      actors,
      createView: () => new TallyView(),
      project(view, { sum, changes, remindedAt }) {
        view.assign({ version: changes, sum, reminded: remindedAt !== null, filler: fillerOf(changes, weight) });
      },
      refuseEntry: (_state, who) => (who.role === "spectateur" ? "FORBIDDEN" : undefined),
      messages: [wire.shape.type.value],
      parse: (message) => wire.safeParse(message).data,
    },
    services,
  );
}

/** Tells by every byte of which version it is. */
export function fillerOf(version: number, weight: number): string {
  return String.fromCharCode(97 + (version % 26)).repeat(weight);
}
