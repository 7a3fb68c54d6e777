import type pg from "pg";
import { pino } from "pino";
import type { ModesRules } from "../../domain/matchmaking/modes.ts";
import { createMatchmaking, type Matchmaking } from "../../server/matchmaking.ts";
import { createMeasure } from "../../server/measure.ts";
import { createMetrics } from "../../server/metrics.ts";
import { createTelemetry } from "../../server/telemetry.ts";
import type { GameNode } from "./game-node.ts";

/** A node's matchmaking over connections of its own. */
export function openMatchmaking(node: GameNode, pool: pg.Pool, rules: ModesRules, matches = true): Matchmaking {
  const metrics = createMetrics();
  const telemetry = createTelemetry(metrics, pino({ level: "silent" }), createMeasure(metrics));
  return createMatchmaking({
    nodeId: node.nodeId,
    pool,
    rules,
    game: node.game,
    store: node.store,
    metrics,
    telemetry,
    matches,
    everyMs: 20,
  });
}

export type Where = "before" | "after";

/** A life that ends at one of its steps: before it is done, or after and before anybody hears of it. */
export interface Life {
  readonly dead: boolean;
  readonly steps: number;
  /** Asked at each step. */
  step(): Where | undefined;
}

export function lifeUntil(last: number, where: Where): Life {
  let dead = false;
  let steps = 0;
  return {
    get dead() {
      return dead;
    },
    get steps() {
      return steps;
    },
    step() {
      steps += 1;
      if (steps < last) return undefined;
      dead = true;
      return where;
    },
  };
}

const CUT = "cut off";

/** Connections that are gone with a life: what was not committed by then never will be. */
export function mortalPool(pool: pg.Pool, life: Life): pg.Pool {
  async function through(send: () => Promise<unknown>): Promise<unknown> {
    if (life.dead) throw new Error(CUT);
    const where = life.step();
    if (where === "before") throw new Error(CUT);
    const result = await send();
    if (life.dead) throw new Error(CUT);
    return result;
  }
  return {
    query: (...args: Parameters<pg.Pool["query"]>) => through(() => pool.query(...args) as unknown as Promise<unknown>),
    async connect() {
      const client = await pool.connect();
      return {
        query: (...args: Parameters<pg.PoolClient["query"]>) =>
          through(() => client.query(...args) as unknown as Promise<unknown>),
        release: (gone?: boolean) => client.release(life.dead || gone),
      };
    },
  } as unknown as pg.Pool;
}
