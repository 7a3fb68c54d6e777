import { isDeepStrictEqual } from "node:util";
import { AetherClient, type CombatSession } from "../client/client.ts";
import type { CombatCommandMessage, CombatParticipant, CombatSnapshot } from "../client/combat.ts";
import { combat } from "../domain/combat/combat.ts";
import { DEMO_SKILLS, demoCombat } from "../domain/combat/demo.ts";
import type { CombatEvent } from "../domain/combat/events.ts";
import type { StoredEvent } from "../domain/envelope.ts";
import { CombatView, projectCombat } from "../rooms/combat-view.ts";
import { signToken } from "./auth.ts";
import { readConfig } from "./config.ts";
import { startServerProcess } from "./demo-server.ts";
import { tell } from "./demo-story.ts";

/** `npm run demo`: a server, two players with an ally each, a fight to the end, and its replay from the log. */
const PREFERRED: readonly (keyof typeof DEMO_SKILLS)[] = ["bouleDeFeu", "dardEmpoisonne", "assommer", "frappe"];
const skillNames = new Map(Object.entries(DEMO_SKILLS).map(([name, id]) => [id as string, name]));

/** What a player would like to do now, best first; the server refuses what is out of range, too dear or not ready. */
function* wishes(state: CombatSnapshot, me: CombatParticipant): Generator<CombatCommandMessage> {
  const foe = Object.values(state.participants)
    .filter(({ equipe, etat }) => equipe !== me.equipe && etat === "ACTIF")
    .sort((a, b) => Math.abs(a.position - me.position) - Math.abs(b.position - me.position))[0];
  if (foe !== undefined) {
    const act = { type: "ExecuterAction" as const, cibles: [foe.participantId] };
    if (me.hpActuel * 3 < me.hpMax)
      yield { ...act, typeAction: "COMPETENCE", competenceId: DEMO_SKILLS.soin, cibles: [me.participantId] };
    for (const skill of PREFERRED) yield { ...act, typeAction: "COMPETENCE", competenceId: DEMO_SKILLS[skill] };
    yield { ...act, typeAction: "ATTAQUE" };
    yield {
      type: "ExecuterAction",
      typeAction: "DEPLACEMENT",
      position: me.position + Math.sign(foe.position - me.position) * 2,
    };
  }
  yield { type: "ExecuterAction", typeAction: "DEFENSE" };
}

async function play(session: CombatSession, playerId: string): Promise<void> {
  for (;;) {
    const isMine = (state: CombatSnapshot): boolean =>
      state.participants[state.participantActifId]?.entiteId === playerId;
    const state = await session.until(
      (s) => s.etat === "TERMINE" || s.etat === "ABANDONNE" || (s.etat === "EN_COURS" && isMine(s)),
    );
    const me = state.participants[state.participantActifId];
    if (state.etat !== "EN_COURS" || me === undefined) return;
    for (const wish of wishes(state, me)) {
      const answer = await session.command(wish);
      if (answer.ok) break;
    }
  }
}

async function readLog(apiUrl: string, token: string, combatId: string): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  for (;;) {
    const after = events.at(-1)?.sequence ?? 0;
    const response = await fetch(`${apiUrl}/events?aggregateId=${combatId}&after=${after}&limit=1000`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const { items } = (await response.json()) as { items: StoredEvent[] };
    if (items.length === 0) return events;
    events.push(...items);
  }
}

async function main(): Promise<boolean> {
  const { authSecret, tenantId, dataDir } = readConfig();
  const tokenFor = (role: "joueur" | "service" | "admin", userId: string = crypto.randomUUID()): Promise<string> =>
    signToken(authSecret, { userId, role, tenantId });
  console.log("Starting a server …");
  const server = await startServerProcess({ DATA_DIR: `${dataDir}/demo`, LOG_LEVEL: "info" });
  process.once("SIGINT", () => void server.stop().then(() => process.exit(130)));
  try {
    console.log(`The server is up: ${server.gameUrl}, ${server.apiUrl}\n`);
    const [alix, bruno] = [crypto.randomUUID(), crypto.randomUUID()];
    const response = await fetch(`${server.apiUrl}/combat/start`, {
      method: "POST",
      headers: { authorization: `Bearer ${await tokenFor("service")}`, "content-type": "application/json" },
      body: JSON.stringify(
        demoCombat(alix, bruno, { graine: crypto.randomUUID(), preparationMs: 30_000, delaiPnjMs: 200 }),
      ),
    });
    if (!response.ok) throw new Error(`the combat was refused: ${await response.text()}`);
    const { combatId } = (await response.json()) as { combatId: string };

    const join = async (id: string, events: boolean): Promise<CombatSession> =>
      new AetherClient({ url: server.gameUrl, token: await tokenFor("joueur", id) }).joinCombat(combatId, { events });
    const first = await join(alix, true);
    first.onEvents(({ events }) => {
      for (const event of events) {
        const line = tell(event, first.state, skillNames);
        if (line !== undefined) console.log(`${String(event.version).padStart(4)}  ${line}`);
      }
    });
    const second = await join(bruno, false);
    await Promise.all([play(first, alix), play(second, bruno)]);
    const live = first.state;
    await Promise.all([first.leave(), second.leave()]);

    const log = await readLog(server.apiUrl, await tokenFor("admin"), combatId);
    const replayed = log.reduce(
      (state, event) => combat.evolve(state, event as unknown as CombatEvent),
      combat.initial,
    );
    const view = new CombatView();
    projectCombat(view, replayed, undefined);
    const same = isDeepStrictEqual(JSON.parse(JSON.stringify(view)), JSON.parse(JSON.stringify(live)));
    console.log(`\nRead back ${log.length} events of combat ${combatId} and replayed them.`);
    console.log(
      same
        ? "The replayed state is the one that the players saw last."
        : "THE REPLAYED STATE DIFFERS from the one that the players saw last.",
    );
    return same;
  } finally {
    await server.stop();
  }
}

process.exitCode = (await main()) ? 0 : 1;
