import type { AggregateType } from "./envelope.ts";

/**
 * What names or describes a person in an event or a state. `within` leads to the objects that hold it, each step a key, or `*` for
 * everything there is; whose it is stands beside it.
 */
export interface PersonalField {
  readonly within: readonly string[];
  readonly field: string;
  /** The key, in the same object, of the id of whom it is about. */
  readonly of: string;
  /** Of fighters: non-players' names are nobody's. */
  readonly playersOnly?: true;
}

/** All that is personal in the log (event catalogue, "Personal data"): whatever stands in none of these is written as it is. */
export interface PersonalData {
  /** By event type. */
  readonly events: Readonly<Record<string, readonly PersonalField[]>>;
  /** By event metadata's keys. */
  readonly metadata: readonly PersonalField[];
  /** In states, by the type of their main stream. */
  readonly states: Readonly<Partial<Record<AggregateType, readonly PersonalField[]>>>;
}

function fields(within: readonly string[], of: string, ...names: readonly string[]): PersonalField[] {
  return names.map((field) => ({ within, field, of }));
}

function fighters(...within: readonly string[]): PersonalField {
  return { within, field: "nom", of: "entiteId", playersOnly: true };
}

const order = fields([], "joueurId", "pseudo");
const otherSide = fields([], "avec", "pseudoAvec");

export const personalData: PersonalData = {
  events: {
    JoueurCree: fields([], "joueurId", "username", "email", "pseudo"),
    JoueurBanni: fields([], "joueurId", "raison"),
    OrdreReserve: order,
    EchangeOuvert: otherSide,
    EchangeFerme: otherSide,
    ItemEchange: otherSide,
    CombatPrepare: [fighters("participants", "*")],
    CombatDemarre: [fighters("participants", "*")],
    CombatTermine: [fighters("vainqueurs", "*"), fighters("vaincus", "*")],
    OrdreVenteCree: order,
    OrdreAchatCree: order,
    TransactionExecutee: [...fields([], "vendeurId", "pseudoVendeur"), ...fields([], "acheteurId", "pseudoAcheteur")],
    ZoneDecouverte: fields([], "joueurId", "pseudo"),
    BossVaincu: fields(["vainqueurs", "*"], "joueurId", "pseudo"),
  },
  metadata: fields([], "userId", "ipAddress"),
  states: {
    Joueur: [
      ...fields(["joueur"], "joueurId", "username", "pseudo"),
      ...fields(["joueur", "echange"], "avec", "pseudoAvec"),
    ],
    Combat: [fighters("participants", "*")],
    Economy: ["ventes", "achats"].flatMap((side) => fields([side, "*", "*", "ordres", "*", "*"], "joueurId", "pseudo")),
    WorldState: fields(["zones", "*", "premier"], "joueurId", "pseudo"),
  },
};

/**
 * What stands, wherever a name stood, for somebody who was erased: the same everywhere and for ever, and nobody else's, as far as the
 * last twelve digits of ids tell people apart.
 */
export function erasedName(subject: string): string {
  return `efface-${subject.replaceAll("-", "").slice(-12).toLowerCase()}`;
}

type Change = (text: string, subject: unknown, path: string, holder: object) => string;

/**
 * The same with each such field changed. What is not changed is shared with the original, which stays as it is.
 * @param change given the text, never an empty one, whose it is, the way to it, and the object that it stands in
 */
export function mapPersonal(root: unknown, personal: readonly PersonalField[], change: Change): unknown {
  return personal.reduce((changed, one) => mapField(changed, one, 0, change), root);
}

function mapField(node: unknown, one: PersonalField, depth: number, change: Change): unknown {
  if (node === null || typeof node !== "object") return node;
  const step = one.within[depth];
  if (step === undefined) return changeIn(node as Readonly<Record<string, unknown>>, one, change);
  if (step !== "*") return mapKeys(node, [step], (child) => mapField(child, one, depth + 1, change));
  if (!Array.isArray(node)) return mapKeys(node, Object.keys(node), (child) => mapField(child, one, depth + 1, change));
  const mapped = node.map((child) => mapField(child, one, depth + 1, change));
  return mapped.every((child, i) => child === node[i]) ? node : mapped;
}

function mapKeys(node: object, keys: readonly string[], map: (child: unknown) => unknown): object {
  const before = node as Readonly<Record<string, unknown>>;
  const changed = keys.flatMap((key) => {
    const after = map(before[key]);
    return after === before[key] ? [] : [[key, after] as const];
  });
  return changed.length === 0 ? node : { ...node, ...Object.fromEntries(changed) };
}

function changeIn(node: Readonly<Record<string, unknown>>, one: PersonalField, change: Change): unknown {
  const { within, field, of, playersOnly } = one;
  const text = node[field];
  if (typeof text !== "string" || text === "") return node;
  if (playersOnly === true && node["typeEntite"] !== "JOUEUR") return node;
  const after = change(text, node[of], [...within, field].join("."), node);
  return after === text ? node : { ...node, [field]: after };
}
