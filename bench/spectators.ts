import { type ChildProcess, fork, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { migrate } from "../store/migrate.ts";
import { summarise } from "./load.ts";
import { loadAverage } from "./machine.ts";
import { atLeast, atMost, type Bench, type BenchOptions } from "./report.ts";
import { type DuelClient, joinDuel, localGame } from "./rooms/duel-client.ts";
import type { AudienceMessage, Counts } from "./spectators/audience.ts";
import type { NodeReady, NodeUse } from "./spectators/watch-server.ts";

const SIZES = [10, 100, 1_000, 2_000];
/** plain: all in one Colyseus room; here: on the combat's own node; elsewhere: on a node of their own. */
const KINDS = ["plain", "here", "elsewhere"] as const;
type Kind = (typeof KINDS)[number];
/** Actions a second of a fight that people watch; of turns, that is a lot. */
const PACE = 10;
const AUDIENCES = 2;
const SLOW = 0.05;

interface Figures {
  readonly patchesPerSecond: number;
  readonly actionsPerSecond: number;
  /** Actions shown, to all who watch. */
  readonly shownPerSecond: number;
  readonly serverMicrosPerPatch: number;
  readonly clientCores: number;
  readonly delayP50: number;
  readonly delayP99: number;
  readonly answerP50: number;
  readonly answerP99: number;
  readonly rssMiB: number;
  readonly closed: Readonly<Record<string, number>>;
  readonly load: number;
}

interface Phase {
  readonly flatOut: Figures;
  readonly paced: Figures;
}

export const spectators: Bench = {
  name: "spectators",
  async run(options) {
    await migrate({ url: options.databaseUrl });
    const rounds = options.long ? 3 : 1;
    const cells = new Map<string, Phase[]>();
    for (let round = 0; round < rounds; round += 1) {
      for (const size of [0, ...SIZES]) {
        for (const kind of KINDS) {
          if (size === 0 && kind === "elsewhere") continue;
          const name = `${size} ${kind}`;
          options.progress(name);
          cells.set(name, [...(cells.get(name) ?? []), await measure(kind, size, 0, options)]);
        }
      }
    }
    options.progress("1000 of whom some stop reading");
    const slow = await measure("here", 1_000, 1_000 * SLOW, options);
    const of = (size: number, kind: Kind): readonly Phase[] => cells.get(`${size} ${kind}`) ?? [];
    const ratio = (size: number, kind: Kind, pick: (phase: Phase) => number): number =>
      middle(of(size, kind).map((phase, i) => pick(phase) / pick(of(size, "plain")[i] as Phase)));
    const mid = (size: number, kind: Kind, pick: (phase: Phase) => number) => middle(of(size, kind).map(pick));
    const row = (name: string, phases: readonly Phase[]) => [
      name,
      ...[
        ({ flatOut }: Phase) => flatOut.patchesPerSecond,
        ({ flatOut }: Phase) => flatOut.shownPerSecond,
        ({ flatOut }: Phase) => flatOut.serverMicrosPerPatch,
        ({ flatOut }: Phase) => flatOut.clientCores,
        ({ paced }: Phase) => paced.delayP50,
        ({ paced }: Phase) => paced.delayP99,
        ({ paced }: Phase) => paced.answerP50,
        ({ paced }: Phase) => paced.answerP99,
      ].map((pick) => middle(phases.map(pick))),
    ];
    return {
      aims: [
        ...SIZES.flatMap((size) => [
          atLeast(
            `${size}: patches/s, here / plain`,
            ratio(size, "here", ({ flatOut }) => flatOut.patchesPerSecond),
            1,
          ),
          atLeast(
            `${size}: patches/s, elsewhere / plain`,
            ratio(size, "elsewhere", ({ flatOut }) => flatOut.patchesPerSecond),
            1,
          ),
          atMost(
            `${size}: the combat's own answers, p50, watched elsewhere / by nobody`,
            mid(size, "elsewhere", ({ paced }) => paced.answerP50) / mid(0, "here", ({ paced }) => paced.answerP50),
            1.2,
          ),
        ]),
        atMost(
          "1,000, 5 % of whom stop reading: the others' delay p99 / without",
          slow.paced.delayP99 / mid(1_000, "here", ({ paced }) => paced.delayP99),
          1.2,
        ),
      ],
      figures: { cells: Object.fromEntries(cells), slow },
      tables: [
        {
          title: `One combat, its spectators on ${AUDIENCES} processes; flat out, and at ${PACE} actions/s`,
          columns: [
            "spectators",
            "patches/s",
            "shown/s",
            "server µs/patch",
            "client cores",
            "delay p50 ms",
            "p99",
            "answer p50 ms",
            "p99",
          ],
          rows: [...[...cells].map(([name, phases]) => row(name, phases)), row("1000 here, 5 % slow", [slow])],
        },
        {
          title: "1,000 spectators, 5 % of whom stop reading",
          columns: ["", "RSS MiB", "closed, by code"],
          rows: [
            ["none", mid(1_000, "here", ({ flatOut }) => flatOut.rssMiB), ""],
            ["5 %", slow.flatOut.rssMiB, JSON.stringify(slow.flatOut.closed)],
          ],
        },
      ],
      notes: [
        "plain: the same sockets joined to a plain Colyseus room with the same state, changed in place and broadcast at once, beside its two players.",
        "delay: from an action's being sent to its patch at a socket, so it includes the commit; shown/s: actions that reached who watches, of which one patch may show several.",
        "players, spectators, servers, PostgreSQL and Redis share the cores.",
      ],
    };
  },
};

async function measure(kind: Kind, size: number, slow: number, { databaseUrl, long }: BenchOptions): Promise<Phase> {
  const combatId = randomUUID();
  const players = [randomUUID(), randomUUID()] as const;
  const redis = process.env.REDIS_URL;
  const begin = (role: string) =>
    startNode([role, combatId, players.join(), databaseUrl, ...(redis === undefined ? [] : [redis])]);
  const own = await begin(kind === "plain" ? "plain" : "combat");
  const other = kind === "elsewhere" ? await begin("spectate") : own;
  const fighters = [
    await joinDuel(localGame(own.port), combatId, players[0], players[0]),
    await joinDuel(localGame(own.port), combatId, players[1], players[1]),
  ] as const;
  const share = (whole: number, i: number) => Math.floor(whole / AUDIENCES) + (i < whole % AUDIENCES ? 1 : 0);
  const audiences = await Promise.all(
    (size === 0 ? [] : Array.from({ length: AUDIENCES }, (_, i) => i)).map((i) =>
      startAudience([
        `${other.port}`,
        kind === "plain" ? "combat" : "spectate",
        combatId,
        `${share(size, i)}`,
        `${share(slow, i)}`,
        ...(slow > 0 ? ["events"] : []),
      ]),
    ),
  );
  try {
    const seconds = long ? 8 : 3;
    await fight(fighters, 1, 0);
    for (const audience of audiences) audience.send({ type: "stop reading" });
    const run = async (length: number, pace: number): Promise<Figures> => {
      for (const audience of audiences) audience.send({ type: "begin" });
      const before = await other.use();
      const fought = await fight(fighters, length, pace);
      const after = await other.use();
      // What is on its way arrives.
      await sleep(300);
      const counts = await Promise.all(audiences.map((audience) => audience.end(fought.sentAt)));
      return figuresOf(fought, counts, before, after);
    };
    const flatOut = await run(slow > 0 ? seconds * 5 : seconds, 0);
    const paced = await run(seconds, PACE);
    return { flatOut, paced };
  } finally {
    for (const fighter of fighters) fighter.close();
    for (const audience of audiences) audience.stop();
    await Promise.all([own.stop(), other.stop()]);
  }
}

interface Fought {
  readonly seconds: number;
  readonly latencies: readonly number[];
  readonly sentAt: readonly (readonly [version: number, at: number])[];
}

/** The two hit in turn: at once, or so many times a second. */
async function fight(
  [one, other]: readonly [DuelClient, DuelClient],
  seconds: number,
  perSecond: number,
): Promise<Fought> {
  const latencies: number[] = [];
  const sentAt: [number, number][] = [];
  const start = performance.now();
  for (let n = 0, due = start; performance.now() < start + seconds * 1_000; n += 1) {
    const [mine, target] = n % 2 === 0 ? [one, other] : [other, one];
    if (perSecond > 0) await sleep(Math.max(0, due - performance.now()));
    due += perSecond > 0 ? 1_000 / perSecond : 0;
    const at = Number(process.hrtime.bigint()) / 1e6;
    const began = performance.now();
    const version = await mine.request({
      type: "ExecuterAction",
      typeAction: "ATTAQUE",
      cibles: [target.playerId],
      commandId: randomUUID(),
    });
    latencies.push(performance.now() - began);
    sentAt.push([version, at]);
  }
  // An even number: whose turn it is the next time is known.
  if (latencies.length % 2 === 1)
    await other.request({
      type: "ExecuterAction",
      typeAction: "ATTAQUE",
      cibles: [one.playerId],
      commandId: randomUUID(),
    });
  return { seconds: (performance.now() - start) / 1_000, latencies: latencies.sort((a, b) => a - b), sentAt };
}

function figuresOf(
  { seconds, latencies, sentAt }: Fought,
  counts: readonly Counts[],
  before: NodeUse,
  after: NodeUse,
): Figures {
  const sum = (pick: (one: Counts) => number) => counts.reduce((total, one) => total + pick(one), 0);
  const delays = counts.flatMap((one) => one.delays).sort((a, b) => a - b);
  const delay = summarise({ events: delays.length, seconds, latencies: delays });
  const answer = summarise({ events: latencies.length, seconds, latencies });
  const patches = sum((one) => one.patches);
  const closed: Record<string, number> = {};
  for (const one of counts) for (const [code, n] of Object.entries(one.closed)) closed[code] = (closed[code] ?? 0) + n;
  return {
    patchesPerSecond: patches / seconds,
    actionsPerSecond: sentAt.length / seconds,
    shownPerSecond: delays.length / seconds,
    serverMicrosPerPatch: patches === 0 ? 0 : ((after.cpuMs - before.cpuMs) * 1_000) / patches,
    clientCores: sum((one) => one.cpuMs) / 1_000 / seconds,
    delayP50: delay.p50,
    delayP99: delay.p99,
    answerP50: answer.p50,
    answerP99: answer.p99,
    rssMiB: after.rssMiB,
    closed,
    load: loadAverage(),
  };
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

interface Node {
  readonly port: number;
  use(): Promise<NodeUse>;
  stop(): Promise<void>;
}

async function startNode(args: readonly string[]): Promise<Node> {
  const child = spawn(process.execPath, [programme("watch-server"), ...args], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const lines = createInterface({ input: child.stdout });
  const next = (): Promise<string> =>
    new Promise((resolve, reject) => {
      lines.once("line", resolve);
      void ended.then(() => reject(new Error("the node ended early")));
    });
  const { port } = JSON.parse(await next()) as NodeReady;
  return {
    port,
    async use() {
      const line = next();
      child.stdin.write("\n");
      return JSON.parse(await line) as NodeUse;
    },
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}

interface Audience {
  send(message: AudienceMessage): void;
  end(sentAt: Fought["sentAt"]): Promise<Counts>;
  stop(): void;
}

async function startAudience(args: readonly string[]): Promise<Audience> {
  const child: ChildProcess = fork(programme("audience"), args, { serialization: "advanced" });
  const next = (): Promise<AudienceMessage> =>
    new Promise((resolve, reject) => {
      child.once("message", (message) => resolve(message as AudienceMessage));
      child.once("exit", () => reject(new Error("an audience ended early")));
    });
  await next();
  return {
    send: (message) => void child.send(message),
    async end(sentAt) {
      const answer = next();
      child.send({ type: "end", sentAt } satisfies AudienceMessage);
      const message = await answer;
      if (message.type !== "counted") throw new Error("not what was asked for");
      return message.counts;
    },
    stop: () => child.disconnect(),
  };
}

function programme(name: string): string {
  return fileURLToPath(new URL(`./spectators/${name}.ts`, import.meta.url));
}
