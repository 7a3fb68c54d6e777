import type pg from "pg";
import { Gauge, Histogram, type Registry } from "prom-client";
import type { Consumer } from "../store/consumer.ts";
import type { ConsumerState, ConsumerStatus } from "../store/consumer-status.ts";

const STATES: readonly ConsumerState[] = ["working", "standby", "failing", "stopped"];
/** ms for which one answer serves: the gauges of one scrape, and probes that come by the dozen. */
const FRESH_MS = 1_000;

export interface ConsumerMetrics {
  /** To be called after each batch. */
  batch(consumer: string, events: number, seconds: number): void;
}

interface Sources {
  /** By name: projectors and sagas. */
  readonly consumers: ReadonlyMap<string, Consumer>;
  readonly pool: Pick<pg.ClientBase, "query">;
  readonly onFault: (error: unknown) => void;
}

/** Gauges of the consumers, asked for when they are scraped; where the database is away they are left out, not made up. */
export function createConsumerMetrics(registry: Registry, { consumers, pool, onFault }: Sources): ConsumerMetrics {
  const registers = [registry];
  const statuses = shared(() => statusesOf(consumers));
  const letters = shared(async () => {
    const { rows } = await pool.query<{ consumer: string; state: string; n: number }>(
      "SELECT consumer, state, count(*)::int AS n FROM dead_letters GROUP BY consumer, state",
    );
    return rows;
  });

  function gauge<T>(
    name: string,
    help: string,
    labelNames: readonly string[],
    read: () => Promise<readonly T[]>,
    set: (gauge: Gauge, one: T) => void,
  ): void {
    new Gauge({
      name,
      help,
      labelNames: [...labelNames],
      registers,
      async collect() {
        this.reset();
        try {
          for (const one of await read()) set(this, one);
        } catch (error) {
          onFault(error);
        }
      },
    });
  }

  const figure = (name: string, help: string, of: (status: ConsumerStatus) => number): void =>
    gauge(name, help, ["consumer"], statuses, (into, status) => into.set({ consumer: status.name }, of(status)));
  figure(
    "aether_consumer_lag_events",
    "Sequence numbers between a consumer and the end of the log",
    (s) => s.lagEvents,
  );
  figure("aether_consumer_lag_seconds", "Age of the first event that a consumer has not seen", (s) => s.lagSeconds);
  figure("aether_consumer_position", "Sequence number up to which a consumer has come", (s) => s.position);
  gauge(
    "aether_consumer_state",
    "1 for the state in which this node's consumer is",
    ["consumer", "state"],
    statuses,
    (into, s) => {
      for (const state of STATES) into.set({ consumer: s.name, state }, state === s.state ? 1 : 0);
    },
  );
  gauge(
    "aether_dead_letters",
    "Dead letters, by consumer and state",
    ["consumer", "state"],
    letters,
    (into, { consumer, state, n }) => into.set({ consumer, state }, n),
  );

  const batchEvents = new Histogram({
    name: "aether_consumer_batch_events",
    help: "Events in one transaction of a consumer",
    labelNames: ["consumer"],
    buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000],
    registers,
  });
  const batchSeconds = new Histogram({
    name: "aether_consumer_batch_seconds",
    help: "Time of one transaction of a consumer",
    labelNames: ["consumer"],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
    registers,
  });
  return {
    batch(consumer, events, seconds) {
      batchEvents.observe({ consumer }, events);
      batchSeconds.observe({ consumer }, seconds);
    },
  };
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
