import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { CombatSession } from "../../client/client.ts";
import { ZONE } from "../../domain/catalogue/demo/ids.ts";
import { erasedName } from "../../domain/personal.ts";
import { arrive, call, clientFor } from "../support/adventure.ts";
import { useErasures } from "../support/erasures.ts";
import { useDatabase } from "../support/postgres.ts";
import { held, sql } from "../support/sql.ts";

const database = useDatabase();
const { server, forget, finishedAt, finished, rowsWith, keysWith, mirroredState } = useErasures(database);

const isTold = async (id: string) =>
  (await sql(database, "SELECT FROM erasures WHERE joueur_id = $1 AND event_sequence IS NOT NULL", [id])).length > 0;
const told = (id: string) => expect.poll(() => isTold(id)).toBe(true);

interface Bout {
  readonly combatId: string;
  /** Whose name has the mark in it. */
  readonly named: string;
  readonly other: CombatSession;
}

/** Of two who are given whole, by a service that knows them. */
async function bout(mark: string, arrives = true): Promise<Bout> {
  const [named, rival] = [crypto.randomUUID(), crypto.randomUUID()];
  const fighter = (entiteId: string, nom: string, equipe: string, position: number) => ({
    ...{ entiteId, nom, equipe, position, typeEntite: "JOUEUR", hpMax: 1_000 },
    statsCombat: { attaque: 5 },
  });
  const { status, body } = await call(server.apiUrl, "/combat/start", "service", {
    method: "POST",
    body: {
      ...{ typeCombat: "PVP", zone: { zoneId: ZONE.bourgClochette }, dureeTourMs: 120_000 },
      preparationMs: arrives ? 600_000 : 0,
      participants: [fighter(named, `${mark} le Grand`, "A", 5), fighter(rival, "Bruno", "B", 6)],
    },
  });
  expect(status, JSON.stringify(body)).toBe(201);
  const combatId = String(body["combatId"]);
  if (arrives) await (await clientFor(server.gameUrl, named)).joinCombat(combatId);
  const other = await (await clientFor(server.gameUrl, rival)).joinCombat(combatId);
  await other.until(({ etat }) => etat === "EN_COURS");
  await expect.poll(() => mirroredState(combatId)).toBe("EN_COURS");
  return { combatId, named, other };
}

/** Somebody in no combat, asked for later than the others: once that is done, theirs have had their turn again and again. */
async function another(): Promise<void> {
  const { id, session } = await arrive(server.gameUrl, "ARCHER", "Petra");
  await session.leave();
  await forget(id);
  await finished(id);
}

test("[FORGET-2] [FORGET-3] an erasure ends after every combat in which the player fights, also as a service has it, and none names it then", async () => {
  const mark = "Quetzalcoatl";
  const bouts = [await bout(mark), await bout(mark), await bout(mark, false)];
  const [, becomes] = bouts;
  // One of them has made a player meanwhile, who is in no combat as far as that knows.
  const late = await arrive(server.gameUrl, "MAGE", `${mark} la Petite`, becomes?.named);
  await late.session.leave();
  for (const { named } of bouts) await expect.poll(async () => (await forget(named)).status).toBe(202);
  for (const { named } of bouts) await told(named);
  await another();
  expect(await Promise.all(bouts.map(({ named }) => finishedAt(named)))).toEqual([null, null, null]);
  // Read models say so while they fight.
  await expect.poll(async () => (await rowsWith(mark)).filter((row) => !row.includes("joueurs"))).toEqual([]);
  expect((await keysWith(mark)).length).toBe(3);
  for (const { other, combatId } of bouts) {
    expect(await other.command({ type: "Conceder" })).toMatchObject({ ok: true });
    await expect.poll(() => mirroredState(combatId)).toBe("TERMINE");
    // By the room that has had the name in memory all the time.
    expect((await keysWith(mark)).filter((key) => key.includes(combatId))).toEqual([]);
  }
  for (const { named } of bouts) await finished(named);
  expect(await rowsWith(mark)).toEqual([]);
  expect(await keysWith(mark)).toEqual([]);
  expect(server.log()).not.toContain(mark);
  const names = await sql(database, "SELECT DISTINCT nom FROM participants_combat WHERE entite_id = ANY ($1)", [
    bouts.map(({ named }) => named),
  ]);
  expect(new Set(names.map(({ nom }) => nom))).toEqual(new Set(bouts.map(({ named }) => erasedName(named))));
  for (const { named, other } of bouts) {
    // Nobody begins another one in its name.
    const participants = [named, crypto.randomUUID()].map((entiteId, position) => ({
      ...{ entiteId, typeEntite: "JOUEUR", equipe: String(position), position },
    }));
    const zone = { zoneId: ZONE.bourgClochette };
    const body = { typeCombat: "PVP", zone, participants };
    const again = await call(server.apiUrl, "/combat/start", "service", { method: "POST", body });
    expect(again.body).toMatchObject({ code: "PLAYER_ERASED" });
    await other.leave();
  }
});

test("[FORGET-2] read models that are behind, or have not taken an event, do not end it", async () => {
  const mark = "Tezcatlipoca";
  const { named, other } = await held(database, async (client) => {
    // Whoever takes events of combats waits here.
    await client.query("BEGIN; SELECT FROM consumer_checkpoints WHERE name = 'combat' FOR UPDATE");
    const one = await bout(mark);
    await forget(one.named);
    await told(one.named);
    await sleep(5_000);
    expect(await finishedAt(one.named)).toBeNull();
    return one;
  });
  const unknown = crypto.randomUUID();
  await sql(
    database,
    `INSERT INTO dead_letters (consumer, event_sequence, event_id, aggregate_id, event_type, state)
     VALUES ('combat', 1, $1, $1, 'CombatPrepare', 'FAILED')`,
    [unknown],
  );
  expect(await other.command({ type: "Conceder" })).toMatchObject({ ok: true });
  await other.leave();
  await sleep(8_000);
  expect(await finishedAt(named)).toBeNull();
  await sql(database, "UPDATE dead_letters SET state = 'DISCARDED' WHERE event_id = $1", [unknown]);
  await finished(named);
  expect(await rowsWith(mark)).toEqual([]);
  expect(await keysWith(mark)).toEqual([]);
});
