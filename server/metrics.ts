import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

export type Metrics = ReturnType<typeof createMetrics>;

/** Every metric that the server exports. Names follow Prometheus' conventions: base units, `_total` for counters. */
export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    refused: new Counter({
      name: "aether_refused_total",
      help: "Commands and messages refused, by code",
      labelNames: ["code"],
      registers,
    }),
    faults: new Counter({
      name: "aether_faults_total",
      help: "Bugs and failed I/O that were contained, by place",
      labelNames: ["where"],
      registers,
    }),
    appendBatches: new Histogram({
      name: "aether_append_batch_events",
      help: "Events in one group commit",
      buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000],
      registers,
    }),
    appendSeconds: new Histogram({
      name: "aether_append_seconds",
      help: "Time of one group commit, from sending to commit",
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
      registers,
    }),
    actors: new Gauge({
      name: "aether_actors",
      help: "Actors in memory on this node, by kind",
      labelNames: ["kind"],
      registers,
    }),
    feedWakes: new Counter({
      name: "aether_feed_wakes_total",
      help: "Times that the feed found new events, by what woke it first: process, redis or poll",
      labelNames: ["by"],
      registers,
    }),
    reads: new Counter({ name: "aether_reads_total", help: "Statements for reads of the API", registers }),
    liveFollowers: new Gauge({
      name: "aether_live_followers",
      help: "Subscriptions that follow the log on this node",
      registers,
    }),
    combats: new Gauge({ name: "aether_combats", help: "Combats in memory on this node", registers }),
  };
}
