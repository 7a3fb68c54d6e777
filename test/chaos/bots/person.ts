import type { AetherClient, PlayerCommandMessage, PlayerSnapshot } from "../../../client/client.ts";
import { type Recorded, record } from "../recorded.ts";
import { askRest } from "../rest.ts";
import type { BotWorld } from "./bot.ts";

const CLASSES = ["GUERRIER", "MAGE", "ARCHER", "VOLEUR", "CLERC"] as const;

export interface Person {
  readonly id: string;
  readonly client: AetherClient;
  readonly own: Recorded<PlayerSnapshot, PlayerCommandMessage>;
}

/** A player in its session, created and given something to begin with. */
export async function arrive(
  world: BotWorld,
  n: number,
  goods: readonly { readonly itemId: string; readonly quantite: number }[] = [],
): Promise<Person> {
  const id = crypto.randomUUID();
  const subject = { type: "Joueur", id } as const;
  const client = await world.client(id);
  const own = await record(world.journal, subject, () => client.joinPlayer({ events: true }));
  const username = `bot${id.slice(0, 12).replaceAll("-", "")}`;
  await own.command({ type: "CreerJoueur", username, pseudo: `Bot ${n}`, classe: CLASSES[n % 5] ?? "MAGE" });
  const gift = (body: { readonly type: string }) =>
    askRest(world.apiUrl, world.journal, {
      ...{ method: "POST", path: `/players/${id}/commands`, role: "admin", userId: id, body, subject, type: body.type },
    });
  await gift({ type: "ModifierOr", delta: 3_000, raison: "CADEAU", reference: id } as { type: string });
  if (goods.length > 0)
    await gift({ type: "RecevoirItems", objets: goods, source: "CADEAU", reference: id } as { type: string });
  return { id, client, own };
}
