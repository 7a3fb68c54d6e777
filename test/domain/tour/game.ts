import { applyToCatalogue, emptyCatalogue, itemIn } from "../../../domain/catalogue/catalogue.ts";
import { competence, competenceDefinitionCommand } from "../../../domain/catalogue/competence.ts";
import { item, itemCommand } from "../../../domain/catalogue/item.ts";
import { definitionsFor } from "../../../domain/catalogue/lookup.ts";
import { pnj, pnjDefinitionCommand } from "../../../domain/catalogue/pnj.ts";
import { quete, queteDefinitionCommand } from "../../../domain/catalogue/quete.ts";
import { combat } from "../../../domain/combat/combat.ts";
import { combatCommand } from "../../../domain/combat/commands.ts";
import type { CombatState } from "../../../domain/combat/state.ts";
import type { Aggregate, Decision } from "../../../domain/decider.ts";
import type { AggregateType, DomainEvent, StoredEvent } from "../../../domain/envelope.ts";
import { marketCommand } from "../../../domain/market/commands.ts";
import { market } from "../../../domain/market/market.ts";
import type { MarketState } from "../../../domain/market/state.ts";
import { playerCommand } from "../../../domain/player/commands.ts";
import { player } from "../../../domain/player/player.ts";
import type { PlayerState } from "../../../domain/player/state.ts";
import type { Step } from "../../../domain/sagas/saga.ts";
import { sagas } from "../../../domain/sagas/sagas.ts";
import { worldCommand } from "../../../domain/world/commands.ts";
import type { WorldState } from "../../../domain/world/state.ts";
import { WORLD_ID } from "../../../domain/world/values.ts";
import { world } from "../../../domain/world/world.ts";

/** A command as it is sent: of a known type, with whatever that type takes. */
export type Sent = { readonly type: string } & Readonly<Record<string, unknown>>;

/** An aggregate with its types left to the schemas: every command is parsed, every event held against its type. */
type Anything = Aggregate<unknown, Sent, DomainEvent>;
interface Kind {
  readonly aggregate: Anything;
  readonly commands: { readonly options: readonly { readonly shape: Readonly<Record<string, unknown>> }[] };
  parse(command: Sent): Sent;
}

function kind<S, C extends { readonly type: string }, E extends DomainEvent>(
  aggregate: Aggregate<S, C, E>,
  commands: Kind["commands"] & { parse(value: unknown): unknown },
): Kind {
  return {
    aggregate: aggregate as unknown as Anything,
    commands,
    parse: (command) => commands.parse(command) as Sent,
  };
}

/** Every aggregate of the game, by the type of its main stream. */
export const KINDS = {
  Joueur: kind(player, playerCommand),
  Combat: kind(combat, combatCommand as unknown as Parameters<typeof kind>[1]),
  Economy: kind(market, marketCommand as unknown as Parameters<typeof kind>[1]),
  WorldState: kind(world, worldCommand),
  Item: kind(item, itemCommand),
  Competence: kind(competence, competenceDefinitionCommand),
  Quete: kind(quete, queteDefinitionCommand),
  PNJ: kind(pnj, pnjDefinitionCommand),
} as const;
export type KindName = keyof typeof KINDS;

/** What led to events of a type: the aggregate that decided, and the command. */
export interface Origin {
  readonly aggregate: KindName;
  readonly command: string;
}

interface Target {
  readonly to: KindName;
  readonly id: string;
  readonly command: Sent;
}

/** The whole game in memory: deciders, what sagas make of their events, wake-ups, and a clock that is set by hand. */
export class Game {
  now = Date.parse("2026-03-02T09:00:00.000Z");
  readonly log: StoredEvent[] = [];
  /** By event type. */
  readonly origins = new Map<string, Map<string, Origin>>();
  /** Commands that led to at least one event. */
  readonly accepted = new Set<string>();
  readonly catalogue = emptyCatalogue();
  readonly #states = new Map<string, { readonly to: KindName; readonly id: string; state: unknown }>();
  /** How far sagas have read. */
  #read = 0;

  player = (id: string): PlayerState => this.#state("Joueur", id) as PlayerState;
  combat = (id: string): CombatState => this.#state("Combat", id) as CombatState;
  book = (id: string): MarketState => this.#state("Economy", id) as MarketState;
  world = (): WorldState => this.#state("WorldState", WORLD_ID) as WorldState;

  /** Does a command, and all that follows from it; a refusal is a mistake of the story's. Returns the command's own events. */
  send(to: KindName, id: string, command: Sent): readonly StoredEvent[] {
    return this.together([{ to, id, command }]);
  }

  /** Several commands in one commit: all of them, or none. */
  together(targets: readonly Target[]): readonly StoredEvent[] {
    const decided = targets.map((target) => ({ target, decision: this.#decide(target) }));
    const from = this.log.length;
    for (const { target, decision } of decided) {
      if (!decision.ok) throw new Error(`${target.command.type}: ${decision.rejection.code}`);
      this.#commit(target, decision.events);
    }
    const own = this.log.slice(from);
    this.#runSagas();
    return own;
  }

  /** The code with which a command is refused. Nothing changes. */
  refusal(to: KindName, id: string, command: Sent): string | undefined {
    const decision = this.#decide({ to, id, command });
    return decision.ok ? undefined : decision.rejection.code;
  }

  /** Lets time pass. Wake-ups come when they are due, the earliest first. */
  pass(ms: number): void {
    const until = this.now + ms;
    for (let next = this.#nextWakeUp(until); next !== undefined; next = this.#nextWakeUp(until)) {
      this.now = Math.max(this.now, next.at);
      this.send(next.to, next.id, next.command);
    }
    this.now = until;
  }

  #state(to: KindName, id: string): unknown {
    return this.#states.get(`${to} ${id}`)?.state ?? KINDS[to].aggregate.initial;
  }

  #nextWakeUp(until: number): (Target & { readonly at: number }) | undefined {
    const due = [...this.#states.values()].flatMap(({ to, id, state }) => {
      const wakeUp = KINDS[to].aggregate.wakeUp?.(state);
      return wakeUp === undefined || wakeUp.at > until ? [] : [{ to, id, ...wakeUp }];
    });
    return due.sort((one, other) => one.at - other.at)[0];
  }

  #filled(to: KindName, command: Sent): Sent {
    if (command.type === "PlacerOrdre")
      return { ...command, echangeable: itemIn(this.catalogue, String(command["itemId"]))?.echangeable === true };
    const takes = KINDS[to].commands.options.some(
      ({ shape }) => "definitions" in shape && (shape["type"] as { value: unknown }).value === command.type,
    );
    return to === "Joueur" && takes ? { ...command, definitions: definitionsFor(command, this.catalogue) } : command;
  }

  #decide({ to, id, command }: Target): Decision<DomainEvent> {
    const { aggregate, parse } = KINDS[to];
    return aggregate.decide(this.#state(to, id), parse(this.#filled(to, command)), { now: this.now });
  }

  #commit({ to, id, command }: Target, events: readonly DomainEvent[]): void {
    const { aggregate } = KINDS[to];
    if (events.length > 0) this.accepted.add(command.type);
    let state = this.#state(to, id);
    for (const { eventType, payload } of events) {
      const definition = aggregate.events[eventType];
      if (definition === undefined) throw new Error(`${command.type} leads to ${eventType}, which ${to} does not have`);
      const event = this.#enveloped(to, id, eventType, definition.schema.parse(JSON.parse(JSON.stringify(payload))));
      state = aggregate.evolve(state, event);
      applyToCatalogue(this.catalogue, event);
      this.log.push(event);
      const known = this.origins.get(eventType) ?? new Map<string, Origin>();
      this.origins.set(eventType, known.set(`${to} ${command.type}`, { aggregate: to, command: command.type }));
    }
    this.#states.set(`${to} ${id}`, { to, id, state });
  }

  #enveloped(to: KindName, id: string, eventType: string, payload: unknown): StoredEvent {
    const sequence = this.log.length + 1;
    const eventId = `e0000000-0000-4000-8000-${String(sequence).padStart(12, "0")}`;
    const { aggregate } = KINDS[to];
    const aggregateType: AggregateType = aggregate.parts?.typeOf(eventType) ?? aggregate.type;
    const metadata = { correlationId: eventId, tenantId: "tour", schemaVersion: 1 };
    const timestamp = new Date(this.now).toISOString();
    return { eventType, payload, eventId, timestamp, metadata, aggregateId: id, aggregateType, version: 1, sequence };
  }

  /** What the events lead to elsewhere, and what that leads to, until there is nothing more to do. */
  #runSagas(): void {
    for (let event = this.log[this.#read]; event !== undefined; event = this.log[this.#read]) {
      this.#read += 1;
      const { eventType } = event;
      for (const saga of sagas)
        if (saga.eventTypes.includes(eventType)) for (const step of saga.react(event)) this.#step(saga.name, step);
    }
  }

  #step(saga: string, step: Step): void {
    const target = { to: step.to, id: step.id, command: step.command as unknown as Sent };
    const decision = this.#decide(target);
    if (decision.ok) {
      this.#commit(target, decision.events);
      return;
    }
    const { code } = decision.rejection;
    if (step.fine?.includes(code)) return;
    if (step.otherwise === undefined) throw new Error(`${saga}, ${step.name}: ${code}`);
    for (const makingUp of step.otherwise) this.#step(saga, makingUp);
  }
}
