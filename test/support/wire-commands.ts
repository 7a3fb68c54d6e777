/** One of each wire command, of the form that its room takes; ids are nothing's. */
const uuid = (): string => crypto.randomUUID();
const NOTHING = uuid();

export const PLAYERS: Readonly<Record<string, Record<string, unknown>>> = Object.fromEntries(
  [
    { type: "CreerJoueur", username: "mallory", pseudo: "Mallory", classe: "MAGE", email: "m@example.org" },
    { type: "DepenserPoints", stats: { attaque: 1 } },
    { type: "ChangerClasse", classe: "MAGE" },
    { type: "EquiperItem", slotId: NOTHING, emplacement: "TETE" },
    { type: "DesequiperItem", emplacement: "TETE" },
    { type: "UtiliserItem", slotId: NOTHING, quantite: 1 },
    { type: "DiviserPile", slotId: NOTHING, quantite: 1, position: 3 },
    { type: "EmpilerItems", deSlotId: NOTHING, versSlotId: uuid() },
    { type: "DeplacerItem", slotId: NOTHING, position: 3 },
    { type: "JeterItem", slotId: NOTHING, quantite: 1 },
    { type: "DetruireItem", slotId: NOTHING, quantite: 1 },
    { type: "AmeliorerEquipement", slotId: NOTHING },
    { type: "ReparerEquipement", slotId: NOTHING },
    { type: "EnchanterEquipement", slotId: NOTHING, materiauSlotId: uuid() },
    { type: "ApprendreCompetence", competenceId: NOTHING },
    { type: "AmeliorerCompetence", competenceId: NOTHING },
    { type: "UtiliserCompetence", competenceId: NOTHING },
    { type: "AccepterQuete", queteId: NOTHING },
    { type: "TerminerQuete", queteId: NOTHING },
    { type: "AbandonnerQuete", queteId: NOTHING },
    { type: "ParlerPnj", pnjId: NOTHING, dialogueId: "d", choixId: "c" },
    { type: "OuvrirCommerce", pnjId: NOTHING },
    { type: "AcheterPnj", pnjId: NOTHING, itemId: uuid(), quantite: 1 },
    { type: "VendrePnj", pnjId: NOTHING, slotId: uuid(), quantite: 1 },
  ].map((command) => [command.type, command]),
);
export const MARKETS = {
  PlacerOrdre: {
    type: "PlacerOrdre",
    typeOrdre: "ACHAT",
    quantite: 1,
    prixUnitaire: 999_999,
    expireA: "2099-01-01T00:00:00Z",
  },
  AnnulerOrdre: { type: "AnnulerOrdre", ordreId: NOTHING },
};
export const WORLDS = {
  DecouvrirZone: { type: "DecouvrirZone", zoneId: NOTHING },
  RecolterRessource: { type: "RecolterRessource", ressourceId: NOTHING, quantite: 1 },
  Parler: { type: "Parler", texte: "hello" },
};
const OTHERS = {
  combat: {
    ExecuterAction: { type: "ExecuterAction", typeAction: "DEFENSE" },
    Conceder: { type: "Conceder" },
  },
  exchange: {
    OuvrirEchange: { type: "OuvrirEchange", avec: NOTHING },
    ProposerOffre: { type: "ProposerOffre", or: 1, objets: [] },
    ConfirmerEchange: { type: "ConfirmerEchange", revision: 1 },
    AnnulerEchange: { type: "AnnulerEchange" },
  },
  matchmaking: {
    ChercherMatch: { type: "ChercherMatch" },
    AnnulerRecherche: { type: "AnnulerRecherche" },
    RepondreMatch: { type: "RepondreMatch", matchId: NOTHING, accepte: false },
  },
  spectate: {
    play: { type: "play" },
    pause: { type: "pause" },
    speed: { type: "speed", speed: 2 },
    seek: { type: "seek", to: { version: 1 } },
  },
};

/** All that the rooms take. */
export const WIRE: Readonly<Record<string, Readonly<Record<string, Record<string, unknown>>>>> = {
  combat: OTHERS.combat,
  spectate: OTHERS.spectate,
  player: { ...PLAYERS, ...OTHERS.exchange },
  matchmaking: OTHERS.matchmaking,
  market: MARKETS,
  world: WORLDS,
};
