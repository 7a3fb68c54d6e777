import type pg from "pg";
import type { Registry } from "prom-client";
import type { Consumer } from "../store/consumer.ts";
import type { ConsumerState, ConsumerStatus } from "../store/consumer-status.ts";
import { addScrapedGauge } from "./scraped.ts";

const STATES: readonly ConsumerState[] = ["working", "standby", "failing", "stopped"];
/** ms for which one answer serves: the gauges of one scrape, and probes that come by the dozen. */
const FRESH_MS = 1_000;

interface Sources {
  /** By name: projectors and sagas. */
  readonly consumers: ReadonlyMap<string, Consumer>;
  readonly pool: Pick<pg.ClientBase, "query">;
  readonly onFault: (error: unknown) => void;
}

/** Gauges of the consumers. */
export function addConsumerGauges(registry: Registry, { consumers, pool, onFault }: Sources): void {
  const statuses = shared(() => statusesOf(consumers));

  function figure(name: string, help: string, of: (status: ConsumerStatus) => number): void {
    addScrapedGauge<ConsumerStatus>(registry, {
      name,
      help,
      labelNames: ["consumer"],
      read: statuses,
      set: (gauge, status) => gauge.set({ consumer: status.name }, of(status)),
      onFault,
    });
  }

  figure(
    "aether_consumer_lag_events",
    "Sequence numbers between a consumer and the end of the log",
    (s) => s.lagEvents,
  );
  figure("aether_consumer_lag_seconds", "Age of the first event that a consumer has not seen", (s) => s.lagSeconds);
  figure("aether_consumer_position", "Sequence number up to which a consumer has come", (s) => s.position);
  addScrapedGauge<ConsumerStatus>(registry, {
    name: "aether_consumer_state",
    help: "1 for the state in which this node's consumer is",
    labelNames: ["consumer", "state"],
    read: statuses,
    set(gauge, { name: consumer, state }) {
      for (const one of STATES) gauge.set({ consumer, state: one }, one === state ? 1 : 0);
    },
    onFault,
  });
  addScrapedGauge<{ readonly consumer: string; readonly state: string; readonly n: number }>(registry, {
    name: "aether_dead_letters",
    help: "Dead letters, by consumer and state",
    labelNames: ["consumer", "state"],
    async read() {
      const { rows } = await pool.query<{ consumer: string; state: string; n: number }>(
        "SELECT consumer, state, count(*)::int AS n FROM dead_letters GROUP BY consumer, state",
      );
      return rows;
    },
    set: (gauge, { consumer, state, n }) => gauge.set({ consumer, state }, n),
    onFault,
  });
}

export function statusesOf(consumers: ReadonlyMap<string, Consumer>): Promise<readonly ConsumerStatus[]> {
  return Promise.all([...consumers.values()].map((consumer) => consumer.status()));
}

function shared<T>(read: () => Promise<T>): () => Promise<T> {
  let answer: { readonly at: number; readonly value: Promise<T> } | undefined;
  return () => {
    if (answer === undefined || performance.now() - answer.at > FRESH_MS)
      answer = { at: performance.now(), value: read() };
    return answer.value;
  };
}
