import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

export type Metrics = ReturnType<typeof createMetrics>;

/** Seconds. */
const SHORT = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];
const REQUEST = [0.005, 0.025, 0.1, 0.5, 2.5, 10];
const EVENTS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000];
const COMMANDS = [1, 2, 5, 10, 25, 50, 100, 256];
const BYTES = [64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576];

/**
 * What is counted as it happens; what is only asked for, once a scrape, is in `gauges.ts`. Names follow Prometheus' conventions:
 * base units, `_total` for counters. A label never has a value of a client's.
 */
export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];

  function counter(name: string, help: string, ...labelNames: string[]): Counter {
    return new Counter({ name, help, labelNames, registers });
  }

  function histogram(name: string, help: string, buckets: number[], ...labelNames: string[]): Histogram {
    return new Histogram({ name, help, buckets, labelNames, registers });
  }

  return {
    registry,

    // Commands
    commandSeconds: histogram(
      "aether_command_seconds",
      "From a command's arrival to its answer; done by the aggregate's actor, or cold",
      SHORT,
      "aggregate_type",
      "by",
      "outcome",
    ),
    mailboxDepth: histogram(
      "aether_mailbox_commands",
      "Commands in an actor's mailbox as one more has come in",
      COMMANDS,
      "aggregate_type",
    ),
    gateSeconds: histogram(
      "aether_gate_seconds",
      "From a decision until it is durable: what holds back its being seen",
      SHORT,
      "aggregate_type",
    ),
    refused: counter("aether_refused_total", "Commands and messages refused, by code", "code"),

    limited: counter(
      "aether_limited_total",
      "Calls that a limit over all connections of a player or an address refused",
      "class",
      "by",
    ),
    abuse: counter(
      "aether_abuse_total",
      "What came of too much: connections that were cut, and players shut out for a while",
      "outcome",
    ),

    // The log
    appends: counter("aether_appends_total", "Requests to append, by what came of them", "aggregate_type", "outcome"),
    appendedEvents: counter("aether_appended_events_total", "Events written to the log", "aggregate_type"),
    appendBatches: histogram("aether_append_batch_events", "Events in one group commit", EVENTS),
    appendSeconds: histogram("aether_append_seconds", "Time of one group commit, from sending to commit", SHORT),
    feedWakes: counter(
      "aether_feed_wakes_total",
      "Times that the feed found new events, by what woke it first: process, redis or poll",
      "by",
    ),
    feedMarkSeconds: histogram(
      "aether_feed_mark_seconds",
      "Time of one high-water mark, for which appends may stand still",
      SHORT,
    ),

    // Aggregates in memory
    loadSeconds: histogram(
      "aether_load_seconds",
      "Time to bring an aggregate into memory, to activate it or only to read it",
      SHORT,
      "aggregate_type",
      "to",
    ),
    snapshotLoads: counter(
      "aether_snapshot_loads_total",
      "Loads of an aggregate, by whether a snapshot served: hit, miss, or unfit for this code",
      "aggregate_type",
      "outcome",
    ),
    snapshotBytes: histogram(
      "aether_snapshot_bytes",
      "Size of a snapshot's state as it is written, in JSON",
      BYTES,
      "aggregate_type",
    ),

    // Rooms
    patchBytes: histogram("aether_patch_bytes", "Size of one patch, before it goes to any client", BYTES, "room"),
    patchesSent: counter("aether_patches_sent_total", "Patches sent, one for each client", "room"),
    patchBytesSent: counter("aether_patch_sent_bytes_total", "Bytes of patches sent, to all clients", "room"),
    spectateSeconds: histogram(
      "aether_spectate_delay_seconds",
      "From an event's time to its being shown to those who watch without a delay",
      SHORT,
    ),
    replayCommands: counter(
      "aether_replay_commands_total",
      "What replays were told: play, pause, speed or seek",
      "type",
    ),
    joinsRefused: counter("aether_joins_refused_total", "Clients that did not get into a room", "room", "code"),
    clientsCut: counter(
      "aether_clients_cut_total",
      "Connections that the server ended: slow to read, a flood, malformed frames, replaced by a newer session, or banned",
      "room",
      "reason",
    ),

    // Read models and sagas
    consumerBatchEvents: histogram(
      "aether_consumer_batch_events",
      "Events in one transaction of a consumer",
      EVENTS,
      "consumer",
    ),
    consumerBatchSeconds: histogram(
      "aether_consumer_batch_seconds",
      "Time of one transaction of a consumer",
      SHORT,
      "consumer",
    ),
    consumerTakeOvers: counter(
      "aether_consumer_takeovers_total",
      "Times that this node went on with what another one did before",
      "consumer",
    ),

    // The API
    requestSeconds: histogram(
      "aether_http_request_seconds",
      "Time of a request to the API port, by its route's pattern",
      REQUEST,
      "method",
      "route",
      "status",
    ),
    reads: counter("aether_reads_total", "Statements for reads of the API"),

    // Redis
    cache: counter(
      "aether_cache_reads_total",
      "Reads through the cache, by kind and outcome: hit, miss (also where a sequence is asked for), stale (a fill that came too late), away (Redis was not asked, or did not answer)",
      "kind",
      "outcome",
    ),
    redisLosses: counter(
      "aether_redis_losses_total",
      "Calls to Redis that came to nothing: open (the breaker was), away, slow, refused",
      "why",
    ),
    redisSeconds: histogram("aether_redis_seconds", "Time of a call to Redis that was answered", SHORT),
    redisCombats: counter(
      "aether_redis_combats_total",
      "Writes of combats to Redis: written, late (a newer version stood there), lost (done again later), dropped (it will not be)",
      "outcome",
    ),
    redisLocks: counter(
      "aether_redis_locks_total",
      "Locks that commands asked for after a conflict: taken, busy (another's for too long), away (Redis did not answer)",
      "outcome",
    ),
    redisDropped: counter("aether_redis_messages_dropped_total", "Messages to channels that Redis was not told"),

    // Matchmaking
    matchmakingWaitSeconds: histogram(
      "aether_matchmaking_wait_seconds",
      "From a ticket's making to the match that was found for it, of matches that have begun",
      [0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180, 600],
      "mode",
    ),
    matchmakingSpread: histogram(
      "aether_matchmaking_spread_points",
      "Between the highest and the lowest rating of the tickets of a match that has begun",
      [0, 10, 25, 50, 100, 200, 400, 800],
      "mode",
    ),
    matches: counter(
      "aether_matches_total",
      "Matches whose combats this node was to begin, by mode and outcome: begun, refused",
      "mode",
      "outcome",
    ),
    matchmakingPassSeconds: histogram(
      "aether_matchmaking_pass_seconds",
      "Time of one pass of the matchmaker over all queues",
      SHORT,
    ),
    matchmakingTakeOvers: counter(
      "aether_matchmaking_takeovers_total",
      "Times that this node went on matching where another one did before",
    ),

    // Upkeep
    upkeepSeconds: histogram(
      "aether_upkeep_seconds",
      "Time of one run of a task of upkeep on this node, by task and outcome",
      [0.01, 0.1, 1, 10, 60, 600, 3_600],
      "task",
      "outcome",
    ),
    upkeepSucceeded: new Gauge({
      name: "aether_upkeep_last_success_timestamp_seconds",
      help: "When a task of upkeep last succeeded on this node",
      labelNames: ["task"],
      registers,
    }),

    // Trouble
    faults: counter("aether_faults_total", "Bugs and failed I/O that were contained, by place", "where"),
    uncaught: counter("aether_uncaught_total", "Exceptions that nothing contained, by kind", "kind"),
  };
}
