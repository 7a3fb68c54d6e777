import { describe, expect, test } from "vitest";
import { AetherClient, type PlayerSession } from "../../client/client.ts";
import type { Answer } from "../../domain/codes.ts";
import { uuidv7 } from "../../store/uuid.ts";
import { post, readLog, tokenFor } from "../support/fight.ts";
import { type GameNode, type GameNodeOptions, gameNodes } from "../support/game-node.ts";
import { commandTo, createItem, createPlayer, done, playerOf, reserve } from "../support/play-game.ts";
import { useDatabase } from "../support/postgres.ts";
import { FAST, useServerProcess } from "../support/server-process.ts";

describe("nodes in one process", () => {
  const openNode = gameNodes(useDatabase());

  async function withNodes(
    work: (one: GameNode, other: GameNode) => Promise<void>,
    options: GameNodeOptions = {},
  ): Promise<void> {
    const one = await openNode(options);
    const other = await openNode();
    try {
      await work(one, other);
    } finally {
      await one.close();
      await other.close();
    }
  }

  const give = ({ game }: GameNode, id: string, commandId: string): Promise<Answer> =>
    commandTo(game, "Joueur", id, { type: "ModifierOr", delta: 10, raison: "CADEAU", reference: id }, commandId);
  /** As a client does: asks again until the answer is one. */
  async function insist(node: GameNode, id: string, commandId: string): Promise<Answer> {
    for (let tries = 0; ; tries += 1) {
      const answer = await give(node, id, commandId);
      if (answer.ok || !answer.retryable || tries === 20) return answer;
    }
  }
  const goldOf = async ({ game }: GameNode, id: string) => (await playerOf(game, id)).joueur.or;

  test("[ROUTE-1] a command finds its actor wherever it runs, and a repeat through any node gets the first answer", async () => {
    await withNodes(async (one, other) => {
      const id = await createPlayer(one.game);
      expect(one.game.players.running(id)).toBeDefined();
      const [here, there] = [uuidv7(), uuidv7()];
      const first = await done(give(one, id, here));
      const second = await done(give(other, id, there));
      expect(second.version).toBe(first.version + first.events.length);
      expect(other.game.players.running(id)).toBeUndefined();
      expect(one.game.players.running(id)?.state.joueur.or).toBe(20);
      for (const node of [one, other]) {
        expect(await give(node, id, here)).toEqual(first);
        expect(await give(node, id, there)).toEqual(second);
      }
      const refused = uuidv7();
      const spend = (node: GameNode, delta: number) =>
        commandTo(node.game, "Joueur", id, { type: "ModifierOr", delta, raison: "AUTRE", reference: id }, refused);
      const refusal = await spend(other, -50);
      expect(refusal).toMatchObject({ ok: false, code: "NOT_ENOUGH_GOLD" });
      expect(await spend(one, -5)).toEqual(refusal);
      expect(await goldOf(one, id)).toBe(20);
    });
  });

  test("[ROUTE-2] what nobody runs is activated by a command, but for a saga's to a player, which leaves it at rest", async () => {
    const ids: string[] = [];
    let item = "";
    const before = await openNode();
    item = await createItem(before.game);
    ids.push(await createPlayer(before.game, 0, { [item]: 5 }), await createPlayer(before.game, 50));
    const [seller = "", buyer = ""] = ids;
    await done(reserve(before.game, seller, "VENTE", [item, 5, 10]));
    await before.idle();
    await before.close();
    await withNodes(async (one, other) => {
      await done(reserve(one.game, buyer, "ACHAT", [item, 2, 10]));
      await one.idle();
      expect(one.game.players.running(buyer)).toBeDefined();
      for (const { game } of [one, other]) expect(game.players.running(seller)).toBeUndefined();
      expect(await goldOf(other, seller)).toBe(19);
      expect((await playerOf(other.game, seller)).joueur.ordres).not.toEqual({});
      const commandId = uuidv7();
      const answers = await Promise.all([give(one, seller, commandId), give(other, seller, commandId)]);
      expect(answers[0]).toMatchObject({ ok: true });
      expect(answers[1]).toEqual(answers[0]);
      expect(await goldOf(one, seller)).toBe(29);
    });
  });

  test("[ROUTE-3] when the owner has died, another node goes on: what was answered stands, what was cut is done once", async () => {
    let cut = "";
    await withNodes(
      async (one, other) => {
        const id = await createPlayer(one.game);
        const [answered, fatal] = [uuidv7(), uuidv7()];
        const first = await done(give(one, id, answered));
        cut = fatal;
        expect(await give(one, id, fatal)).toMatchObject({ ok: false, code: "UNAVAILABLE", retryable: true });
        await one.cutOff;
        const second = await done(give(other, id, fatal));
        expect(second.version).toBe(first.version + first.events.length);
        expect(await give(other, id, answered)).toEqual(first);
        expect(await give(other, id, fatal)).toEqual(second);
        expect(await goldOf(other, id)).toBe(20);
        expect(other.game.players.running(id)).toBeDefined();
      },
      {
        cut: ({ streams }) =>
          streams.some(({ events }) => events.some(({ metadata }) => metadata.commandId === cut)) ? "after" : undefined,
      },
    );
  });

  test("[ROUTE-4] an owner that lives and answers nothing loses its aggregate to whoever is asked, and writes nothing more", async () => {
    let silent = false;
    await withNodes(
      async (one, other) => {
        const id = await createPlayer(one.game);
        const [early, late] = [uuidv7(), uuidv7()];
        const first = await done(give(one, id, early));
        silent = true;
        // Both at once: whichever the log takes first, both are done once.
        const [own, foreign] = await Promise.all([give(one, id, late), insist(other, id, late)]);
        expect(foreign).toMatchObject({ ok: true });
        if (own.ok) expect(own).toEqual(foreign);
        silent = false;
        for (const node of [one, other]) {
          expect(await insist(node, id, early)).toEqual(first);
          expect(await insist(node, id, late)).toEqual(foreign);
          expect(await goldOf(node, id)).toBe(20);
        }
        await done(insist(other, id, uuidv7()));
        await done(insist(one, id, uuidv7()));
        const running = [one, other].filter(({ game }) => game.players.running(id) !== undefined);
        expect(running).toHaveLength(1);
        expect(running[0]?.game.players.running(id)?.state.joueur.or).toBe(40);
      },
      { answers: () => !silent },
    );
  });
});

describe("servers", () => {
  const database = useDatabase();
  // Few connections each: another file's servers want theirs at the same time.
  const env = { ...FAST, DATABASE_POOL: "4" };
  const [one, other] = [useServerProcess(database, env), useServerProcess(database, env)];

  const command = async (apiUrl: string, id: string, message: object, commandId: string, role: "joueur" | "admin") =>
    post(`${apiUrl}/players/${id}/commands`, role, message, { "idempotency-key": commandId }, id);
  const gift = (id: string) => ({ type: "ModifierOr", delta: 10, raison: "CADEAU", reference: id });

  async function arrive(id: string): Promise<PlayerSession> {
    const client = new AetherClient({ url: one.gameUrl, token: await tokenFor("joueur", id) });
    const session = await client.joinPlayer();
    const names = { username: `u${id.slice(-12)}`, pseudo: "One" };
    await done(session.command({ type: "CreerJoueur", ...names, classe: "MAGE" }));
    return session;
  }

  test("[ROUTE-5] a command through another server reaches the room at once, and does not move it", async () => {
    const id = crypto.randomUUID();
    const session = await arrive(id);
    const commandId = uuidv7();
    const { status, body } = await command(other.apiUrl, id, gift(id), commandId, "admin");
    expect(status).toBe(200);
    await session.until(({ version }) => version >= Number(body["version"]));
    expect(session.state.or).toBe(10);
    expect((await command(one.apiUrl, id, gift(id), commandId, "admin")).body).toEqual(body);
    const spending = { type: "DepenserPoints", stats: { force: 1 } };
    const refusedId = uuidv7();
    const refused = await command(other.apiUrl, id, spending, refusedId, "joueur");
    expect((await command(one.apiUrl, id, spending, refusedId, "joueur")).body).toEqual(refused.body);
    expect(session.status).toBe("connected");
    const events = (await readLog(one.apiUrl, id)).filter(({ metadata }) => metadata.commandId === commandId);
    expect(events.map(({ eventType }) => eventType)).toEqual(["OrModifie"]);
    await session.leave();
  });

  test("[ROUTE-6] when a server is killed the other one goes on with its players, and nothing is lost or done twice", async () => {
    const id = crypto.randomUUID();
    const session = await arrive(id);
    const [before, after] = [uuidv7(), uuidv7()];
    const first = await command(one.apiUrl, id, gift(id), before, "admin");
    await one.stop("SIGKILL");
    const second = await command(other.apiUrl, id, gift(id), after, "admin");
    expect(second.status).toBe(200);
    expect((await command(other.apiUrl, id, gift(id), before, "admin")).body).toEqual(first.body);
    await one.start();
    await session.until(({ or }) => or === 20);
    expect((await command(one.apiUrl, id, gift(id), after, "admin")).body).toEqual(second.body);
    expect(session.state.or).toBe(20);
    const gold = (await readLog(other.apiUrl, id)).filter(({ eventType }) => eventType === "OrModifie");
    expect(gold.map(({ metadata }) => metadata.commandId)).toEqual([before, after]);
    await session.leave();
  });
});
