import { createCeilingContender } from "./append/ceiling.ts";
import { type Peer, startPeers } from "./append/peers.ts";
import { createStoreContender } from "./append/store.ts";
import { median, medianOf, type Summary, summarise } from "./load.ts";
import { atLeast, atMost, type Bench, round } from "./report.ts";

const LEVELS = [1, 8, 64, 512] as const;
/** Where the peers are held against the store round by round; at the others one slice must do. */
const PEER_LEVEL = 64;
const POOL_SIZES = [4, 8, 16, 32] as const;

interface Level {
  readonly inFlight: number;
  readonly ceilingName: string;
  readonly batchSize: number;
  readonly ceiling: Summary;
  readonly store: Summary;
  /** Store to ceiling, of each round. */
  readonly ratios: readonly number[];
  readonly lone: readonly number[];
  readonly peers: ReadonlyMap<string, Summary>;
  readonly peerRatio: number | undefined;
}

/** How fast events become durable: the store against the cheapest statement there is, and against other event stores. */
export const append: Bench = {
  name: "append",
  async run({ databaseUrl, long, progress }) {
    // Short slices in turn: what disturbs the machine for a second then disturbs all contenders alike.
    const rounds = long ? 25 : 6;
    const ms = long ? 600 : 300;
    const trialMs = long ? 600 : 200;

    progress("schema, store, peers");
    const store = await createStoreContender(databaseUrl);
    const ceiling = await createCeilingContender(databaseUrl);
    const started = await startPeers(databaseUrl, progress);
    const peers = started.filter((peer) => "run" in peer);

    progress("warming up");
    for (const inFlight of [1, 64, 512]) await store.run(inFlight, trialMs);

    const pools = new Map<Peer, number>();
    for (const peer of peers) pools.set(peer, await bestPool(peer, trialMs, progress));

    // So that nobody's plans rest on empty tables: autovacuum comes too late for a bench.
    await ceiling.analyze();

    const levels: Level[] = [];
    for (const inFlight of LEVELS) {
      const ceilingName = await bestCeiling(inFlight);
      const ofPeers = new Map(peers.map((peer) => [peer.name, [] as Summary[]]));
      // Their connections are opened and their streams begun outside the clock.
      for (const [peer, pool] of pools) await peer.run({ inFlight, pool: Math.min(pool, inFlight), ms: trialMs / 2 });
      const ofStore: Summary[] = [];
      const ofCeiling: Summary[] = [];
      store.batchSize();
      for (let i = 0; i < rounds; i += 1) {
        progress(`${inFlight} in flight, round ${i + 1} of ${rounds}`);
        ofCeiling.push(summarise(await ceiling.run(ceilingName, inFlight, ms)));
        ofStore.push(summarise(await store.run(inFlight, ms)));
        for (const [peer, pool] of pools) {
          if (inFlight === PEER_LEVEL || i === 0)
            ofPeers.get(peer.name)?.push(await peer.run({ inFlight, pool: Math.min(pool, inFlight), ms }));
        }
      }
      const ofBestPeer = ofStore.map((own, i) => {
        const best = Math.max(...[...ofPeers.values()].map((of) => of[i]?.eventsPerSecond ?? 0));
        return own.eventsPerSecond / best;
      });
      levels.push({
        inFlight,
        ceilingName,
        batchSize: store.batchSize(),
        ceiling: medianOf(ofCeiling),
        store: medianOf(ofStore),
        ratios: ofStore.map((own, i) => own.eventsPerSecond / (ofCeiling[i]?.eventsPerSecond ?? 0)),
        lone: ofStore.map((own, i) => own.p50 / (ofCeiling[i]?.p50 ?? 0)),
        peers: new Map([...ofPeers].map(([name, of]) => [name, medianOf(of)])),
        peerRatio: peers.length > 0 && inFlight === PEER_LEVEL ? median(ofBestPeer) : undefined,
      });
    }

    for (const peer of peers) peer.close();
    await Promise.all([store.close(), ceiling.close()]);

    const at = (inFlight: number) => levels.find((level) => level.inFlight === inFlight);
    const peerRatio = at(PEER_LEVEL)?.peerRatio;
    const absent = started.length - peers.length;
    return {
      aims: [
        atLeast("store / ceiling at 512 in flight", median(at(512)?.ratios ?? []), 0.8),
        ...(peerRatio === undefined
          ? []
          : [atLeast(`store / best peer at 64 in flight${absent > 0 ? `, ${absent} missing` : ""}`, peerRatio, 8)]),
        atMost("lone command / bare insert and commit, p50", median(at(1)?.lone ?? []), 1.3),
      ],
      figures: {
        levels: levels.map((level) => ({ ...level, peers: Object.fromEntries(level.peers) })),
        peers: started.map((peer) =>
          "run" in peer ? { name: peer.name, version: peer.version, pool: pools.get(peer) } : peer,
        ),
      },
      tables: [
        {
          title: "Events/s, median of rounds",
          columns: [
            "in flight",
            "ceiling",
            "store",
            "store/ceiling",
            "of rounds",
            "batch",
            ...peers.map(({ name }) => shortName(name)),
          ],
          rows: levels.map((level) => [
            String(level.inFlight),
            level.ceiling.eventsPerSecond,
            level.store.eventsPerSecond,
            median(level.ratios),
            `${round(Math.min(...level.ratios))}–${round(Math.max(...level.ratios))}`,
            level.batchSize,
            ...peers.map(({ name }) => level.peers.get(name)?.eventsPerSecond ?? "missing"),
          ]),
        },
        {
          title: "Latency of a command, ms (p50 / p95 / p99); for the ceiling, of its statement",
          columns: ["in flight", "ceiling", "store", ...peers.map(({ name }) => shortName(name))],
          rows: levels.map((level) => [
            String(level.inFlight),
            percentiles(level.ceiling),
            percentiles(level.store),
            ...peers.map(({ name }) => percentiles(level.peers.get(name))),
          ]),
        },
      ],
      notes: [
        `ceiling: ${levels.map((level) => `${level.inFlight}: ${level.ceilingName}`).join("; ")}; as many rows a statement as there are commands in flight`,
        ...started.map((peer) =>
          "run" in peer
            ? `${peer.name} ${peer.version}, pool of ${pools.get(peer)} (the best of ${POOL_SIZES.join(", ")})`
            : `${peer.name} is MISSING: ${peer.missing}`,
        ),
      ],
    };

    async function bestCeiling(batch: number): Promise<string> {
      const tried: { name: string; rate: number }[] = [];
      for (const name of ceiling.candidates(batch)) {
        await ceiling.run(name, batch, trialMs / 3);
        const { eventsPerSecond } = summarise(await ceiling.run(name, batch, trialMs));
        progress(`ceiling at ${batch}: ${name} ${round(eventsPerSecond)}/s`);
        tried.push({ name, rate: eventsPerSecond });
      }
      return tried.sort((a, b) => b.rate - a.rate)[0]?.name ?? "";
    }
  },
};

async function bestPool(peer: Peer, ms: number, progress: (text: string) => void): Promise<number> {
  const tried: { pool: number; rate: number }[] = [];
  for (const pool of POOL_SIZES) {
    await peer.run({ inFlight: PEER_LEVEL, pool, ms: ms / 3 });
    const { eventsPerSecond } = await peer.run({ inFlight: PEER_LEVEL, pool, ms });
    tried.push({ pool, rate: eventsPerSecond });
  }
  progress(`${peer.name}: ${tried.map(({ pool, rate }) => `pool ${pool}: ${round(rate)}/s`).join(", ")}`);
  return tried.sort((a, b) => b.rate - a.rate)[0]?.pool ?? 8;
}

function percentiles(summary: Summary | undefined): string {
  return summary === undefined ? "missing" : [summary.p50, summary.p95, summary.p99].map(round).join(" / ");
}

function shortName(name: string): string {
  return name.slice(name.indexOf("/") + 1);
}
