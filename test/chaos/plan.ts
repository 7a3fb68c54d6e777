import type { ClusterRole } from "../../server/cluster/child.ts";
import { seeded } from "../support/seeded.ts";

export type Target = ClusterRole | "clients";

/** One thing that goes wrong. `at` and `ms` (how long it lasts, where it does) are ms. */
export interface Fault {
  readonly at: number;
  readonly kind: FaultKind;
  readonly role: Target;
  /** A process' name, or `clients`. */
  readonly target: string;
  readonly ms: number;
}

/**
 * kill: -9, and started again; restart: SIGTERM, and started again; pause: SIGSTOP, SIGCONT; cut: all connections are reset;
 * silence: they go silent for ever without an end; lose: what is sent is lost, in one direction; flush: Redis forgets everything.
 */
export type FaultKind = "kill" | "restart" | "pause" | "cut" | "silence" | "lose" | "flush";

/** How many cards of each there are in the deck from which faults are drawn. */
const DECK: readonly (readonly [FaultKind, Target, number])[] = [
  ["kill", "game", 20],
  ["pause", "game", 6],
  ["restart", "game", 4],
  ["kill", "api", 4],
  ["pause", "api", 2],
  ["restart", "api", 2],
  ["kill", "projector", 4],
  ["pause", "projector", 2],
  ["restart", "projector", 2],
  ["kill", "postgres", 4],
  ["pause", "postgres", 3],
  ["cut", "postgres", 3],
  ["kill", "redis", 3],
  ["pause", "redis", 2],
  ["flush", "redis", 2],
  ["cut", "redis", 2],
  ["kill", "balancer", 2],
  ["pause", "balancer", 1],
  ["cut", "clients", 4],
  ["silence", "clients", 3],
  ["lose", "clients", 3],
];

export interface PlanOptions {
  readonly seed: number;
  readonly durationMs: number;
  /** Between two faults, on average. */
  readonly everyMs: number;
  readonly processes: readonly { readonly name: string; readonly role: ClusterRole }[];
}

/** What goes wrong and when, all of it from the seed. Nothing happens to what is still recovering from what happened before. */
export function planFaults({ seed, durationMs, everyMs, processes }: PlanOptions): readonly Fault[] {
  const random = seeded(seed);
  const within = (from: number, to: number): number => Math.round(from + random() * (to - from));
  const names = (role: Target): readonly string[] =>
    role === "clients" ? ["clients"] : processes.filter((one) => one.role === role).map(({ name }) => name);
  const busyUntil = new Map<string, number>();
  const faults: Fault[] = [];
  let deck: (readonly [FaultKind, Target])[] = [];

  function draw(): readonly [FaultKind, Target] {
    if (deck.length === 0)
      deck = DECK.flatMap(([kind, role, cards]) => Array.from({ length: cards }, () => [kind, role] as const));
    return deck.splice(Math.floor(random() * deck.length), 1)[0] ?? ["kill", "game"];
  }

  for (let at = within(everyMs * 0.5, everyMs); at < durationMs; at += within(everyMs * 0.5, everyMs * 1.5)) {
    const [kind, role] = draw();
    const free = names(role).filter((name) => (busyUntil.get(name) ?? 0) <= at);
    const target = free[Math.floor(random() * free.length)];
    if (target === undefined) continue;
    const ms = lasting(kind, within, random() < 0.15);
    busyUntil.set(target, at + ms + RECOVERY_MS);
    faults.push({ at, kind, role, target, ms });
  }
  return faults;
}

/** ms for which a process that was started again is left alone. */
const RECOVERY_MS = 3_000;

function lasting(kind: FaultKind, within: (from: number, to: number) => number, long: boolean): number {
  switch (kind) {
    case "kill":
    case "restart":
      return within(0, 2_000);
    // The long ones outlast the time after which a node counts as dead.
    case "pause":
      return long ? within(6_000, 8_000) : within(300, 3_000);
    case "lose":
      return within(300, 2_500);
    case "cut":
    case "silence":
    case "flush":
      return 0;
  }
}

export function describeFault({ at, kind, target, ms }: Fault): string {
  const lasts = ms === 0 ? "" : ` for ${(ms / 1_000).toFixed(1)} s`;
  return `${(at / 1_000).toFixed(1).padStart(7)} s  ${kind} ${target}${lasts}`;
}
