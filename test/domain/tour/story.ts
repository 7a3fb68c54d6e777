import { demoWorld } from "../../../domain/catalogue/demo/demo-world.ts";
import { EVENT, ITEM, PNJ, QUEST, RESOURCE, SKILL, ZONE } from "../../../domain/catalogue/demo/ids.ts";
import { seedsOf } from "../../../domain/catalogue/seed.ts";
import { slotsInOrder } from "../../../domain/player/inventaire.ts";
import { WORLD_ID } from "../../../domain/world/values.ts";
import { acts, begin, fight } from "./fights.ts";
import { Game, type Sent } from "./game.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function id(kind: string, n: number): string {
  return `${kind}-0000-4000-8000-${String(n).padStart(12, "0")}`;
}
const [ADA, BEL, CYR, DOV] = [id("0ada0000", 1), id("0be10000", 1), id("0c140000", 1), id("0d0f0000", 1)] as const;
const combatId = (n: number) => id("0c0ba700", n);
const orderId = (n: number) => id("04d40000", n);
const SPOON = id("5b000000", 1);

/** The first slot that holds pieces of an item. */
function slotOf(game: Game, joueurId: string, itemId: string): string {
  const slot = slotsInOrder(game.player(joueurId).inventaire).find((one) => one.itemId === itemId);
  if (slot === undefined) throw new Error("nothing of that item is there");
  return slot.slotId;
}

/** Several commands to one player. */
function tell(game: Game, joueurId: string, ...commands: readonly Sent[]): void {
  for (const command of commands) game.send("Joueur", joueurId, command);
}

function gift(itemId: string, quantite: number): Sent {
  return { type: "RecevoirItems", objets: [{ itemId, quantite }], source: "CADEAU", reference: "tour" };
}

/** What authors do: a catalogue, changes to it, and a thing that was not worth keeping. */
function authors(game: Game): void {
  for (const { type, id: definitionId, command } of seedsOf(demoWorld)) game.send(type, definitionId, { ...command });
  const change = (changements: object) => ({ changements });
  game.send("Item", ITEM.sauge, { type: "ModifierItem", itemId: ITEM.sauge, ...change({ valeurOr: 3 }) });
  const sharper = change({ stats: { attaque: 4 } });
  game.send("Item", ITEM.epeeEbrechee, { type: "ModifierItem", itemId: ITEM.epeeEbrechee, ...sharper });
  const skill = { type: "ModifierCompetence", competenceId: SKILL.surin, ...change({ description: "Vite." }) };
  game.send("Competence", SKILL.surin, skill);
  const quest = { type: "ModifierQuete", queteId: QUEST.premiereLecon, ...change({ niveauRecommande: 2 }) };
  game.send("Quete", QUEST.premiereLecon, quest);
  game.send("PNJ", PNJ.perrin, { type: "ModifierPnj", pnjId: PNJ.perrin, ...change({ niveau: 15 }) });
  const spoon = demoWorld.items[ITEM.mineraiDeFer];
  game.send("Item", SPOON, { type: "CreerItem", itemId: SPOON, definition: { ...spoon, nom: "Cuillère" } });
  game.send("Item", SPOON, { type: "RetirerItem", itemId: SPOON, raison: "les gobelins les ont toutes" });
}

/** Those who play: created, given first things by the game, led to level 10 and beyond. */
function people(game: Game, mark: string): void {
  const all = [
    [ADA, "ada", "GUERRIER", 40_000],
    [BEL, "bel", "MAGE", 15_000],
    [CYR, "cyr", "CLERC", 15_000],
    [DOV, "dov", "VOLEUR", 0],
  ] as const;
  for (const [joueurId, name, classe, montant] of all) {
    const username = `${mark}${name}`;
    tell(
      game,
      joueurId,
      { type: "CreerJoueur", joueurId, username, email: `${username}@example.org`, pseudo: username, classe },
      { type: "SeConnecter", sessionId: `${name} 1` },
      { type: "RejoindreGuilde", guildeId: "clochette", nom: "Les Sonneurs" },
      { type: "ModifierOr", delta: 50_000, raison: "CADEAU", reference: "tour" },
    );
    if (montant > 0) tell(game, joueurId, { type: "GagnerExperience", montant, source: "TOUR", reference: "tour" });
  }
  const learn = (competenceId: string): Sent => ({ type: "ApprendreCompetence", competenceId });
  tell(game, ADA, learn(SKILL.tailleFranche), learn(SKILL.criDeRalliement));
  tell(game, ADA, { type: "AmeliorerCompetence", competenceId: SKILL.tailleFranche });
  tell(game, ADA, { type: "DepenserPoints", stats: { attaque: 5, hpMax: 5 } });
  tell(game, BEL, learn(SKILL.etincelle), learn(SKILL.lanceDeGivre));
  tell(game, CYR, learn(SKILL.mainsDeLumiere), learn(SKILL.benediction));
}

/** Talk, a first quest, shops, clothes, and work on them. */
function village(game: Game): void {
  tell(
    game,
    ADA,
    { type: "AccepterQuete", queteId: QUEST.bienvenue },
    { type: "ParlerPnj", pnjId: PNJ.oriane, dialogueId: "accueil", choixId: "saluer" },
    { type: "TerminerQuete", queteId: QUEST.bienvenue },
    { type: "OuvrirCommerce", pnjId: PNJ.gaspard },
    { type: "AcheterPnj", pnjId: PNJ.gaspard, itemId: ITEM.espadonDuGue, quantite: 1 },
    { type: "AcheterPnj", pnjId: PNJ.gaspard, itemId: ITEM.bottesDeMarche, quantite: 1 },
  );
  const slot = (itemId: string) => ({ slotId: slotOf(game, ADA, itemId) });
  tell(
    game,
    ADA,
    { type: "VendrePnj", pnjId: PNJ.gaspard, ...slot(ITEM.bottesDeMarche), quantite: 1 },
    { type: "EquiperItem", ...slot(ITEM.epeeEbrechee) },
    { type: "EquiperItem", ...slot(ITEM.espadonDuGue) },
    { type: "EquiperItem", ...slot(ITEM.tuniqueDeLin) },
    { type: "DesequiperItem", emplacement: "TORSE" },
    { type: "AmeliorerEquipement", ...slot(ITEM.espadonDuGue) },
  );
  for (const itemId of [ITEM.pierreDeForce, ITEM.sacADoublesPoches, ITEM.grimoireUse, ITEM.ragoutDeLAubergiste])
    tell(game, ADA, gift(itemId, 1));
  const materiauSlotId = slotOf(game, ADA, ITEM.pierreDeForce);
  tell(game, ADA, { type: "EnchanterEquipement", ...slot(ITEM.espadonDuGue), materiauSlotId });
  for (const itemId of [ITEM.sacADoublesPoches, ITEM.grimoireUse, ITEM.ragoutDeLAubergiste])
    tell(game, ADA, { type: "UtiliserItem", ...slot(itemId), quantite: 1 });
}

/** What is carried, moved about; and more of it than anybody can carry. */
function bags(game: Game): void {
  const slotId = slotOf(game, ADA, ITEM.potionDeSoin);
  tell(game, ADA, { type: "DiviserPile", slotId, quantite: 2, position: 40 });
  const piles = slotsInOrder(game.player(ADA).inventaire).filter((one) => one.itemId === ITEM.potionDeSoin);
  const part = piles.find((one) => one.slotId !== slotId)?.slotId;
  tell(
    game,
    ADA,
    { type: "EmpilerItems", deSlotId: part, versSlotId: slotId },
    { type: "DeplacerItem", slotId, position: 41 },
    { type: "JeterItem", slotId, quantite: 1 },
    { type: "DetruireItem", slotId, quantite: 1 },
  );
  tell(game, DOV, gift(ITEM.espadonDuGue, 999), gift(ITEM.dagueDOccasion, 999));
}

/** A world to walk in: zones, things that grow, hours and events. */
function lands(game: Game): void {
  const tellWorld = (command: Sent) => game.send("WorldState", WORLD_ID, command);
  tellWorld({ type: "CreerMonde", definition: demoWorld.monde });
  const begins = (evenementId: string, objectif: number) =>
    tellWorld({
      type: "DeclencherEvenement",
      evenementId,
      definition: { ...demoWorld.evenements[evenementId], objectif },
    });
  begins(EVENT.grandeMoisson, 30);
  begins(EVENT.nuitDesGobelins, 200);
  begins(EVENT.routesOuvertes, 100);
  begins(EVENT.chasseAuxGeants, 3);
  tell(game, ADA, { type: "AccepterQuete", queteId: QUEST.appelDuVillage });
  tell(game, ADA, { type: "ParlerPnj", pnjId: PNJ.zephyrin });
  tell(game, ADA, { type: "AccepterQuete", queteId: QUEST.voieDeLAventurier });
  const sage = { type: "RecolterRessource", ressourceId: RESOURCE.saugeDesChamps };
  for (const joueurId of [ADA, BEL]) {
    const { pseudo } = game.player(joueurId).joueur;
    tellWorld({ type: "DecouvrirZone", zoneId: ZONE.champsAuxLucioles, joueurId, pseudo });
  }
  tellWorld({ ...sage, joueurId: ADA, quantite: 20 });
  const given = { joueurId: BEL, montant: 5, reference: "tour" };
  tellWorld({ type: "ContribuerEvenement", evenementId: EVENT.grandeMoisson, ...given });
  tellWorld({ ...sage, joueurId: BEL, quantite: 20 });
  tell(game, ADA, { type: "TerminerQuete", queteId: QUEST.appelDuVillage });
  tellWorld({ type: "AnnulerEvenement", evenementId: EVENT.routesOuvertes, raison: "les routes sont fermées" });
}

/** Rats, goblins, an ogre, an arena, and combats that come to nothing. */
function fights(game: Game): void {
  tell(game, ADA, { type: "AccepterQuete", queteId: QUEST.bruitDansLaCave });
  const [rats, ogre, arena] = [combatId(1), combatId(2), combatId(3)];
  const [sleepers, nobody, off] = [combatId(4), combatId(5), combatId(6)];
  const vermin = [PNJ.ratDesCaves, PNJ.ratDesCaves, PNJ.ratDesCaves];
  begin(game, { combatId: rats, typeCombat: "PVE", zoneId: ZONE.bourgClochette, teams: [[ADA, CYR], vermin] });
  const cheer = acts("COMPETENCE", { competenceId: SKILL.criDeRalliement });
  let turns = 0;
  fight(
    game,
    rats,
    (state, actor) => {
      const ada = Object.values(state.participants).find((one) => one.entiteId === ADA);
      if (actor.entiteId === ADA) return turns++ === 0 ? cheer : acts("DEFENSE");
      const heal = { competenceId: SKILL.mainsDeLumiere, cibles: [ada?.participantId] };
      return turns < 5 ? acts("DEFENSE") : acts("COMPETENCE", heal);
    },
    45,
  );
  fight(game, rats);
  tell(game, ADA, { type: "TerminerQuete", queteId: QUEST.bruitDansLaCave });
  tell(game, ADA, { type: "ReparerEquipement", slotId: slotOf(game, ADA, ITEM.espadonDuGue) });

  const thieves = [PNJ.gobelin, PNJ.gobelin];
  begin(game, { combatId: combatId(7), typeCombat: "PVE", zoneId: ZONE.champsAuxLucioles, teams: [[BEL], thieves] });
  fight(game, combatId(7));

  const party = [ADA, BEL, CYR];
  begin(game, { combatId: ogre, typeCombat: "BOSS", zoneId: ZONE.moulinBrise, teams: [party, [PNJ.grumgor]] });
  fight(game, ogre);

  game.pass(2 * HOUR);
  const duel = {
    typeCombat: "ARENE",
    zoneId: ZONE.bourgClochette,
    teams: [[BEL], [CYR]],
    preparationMs: MINUTE,
  } as const;
  begin(game, { ...duel, combatId: arena });
  for (const joueurId of [BEL, CYR]) game.send("Combat", arena, { type: "RejoindreCombat", joueurId });
  fight(game, arena, (_, { entiteId }) => (entiteId === CYR ? acts("DEFENSE") : undefined), 6);
  game.send("Combat", arena, { type: "Conceder", joueurId: BEL });
  tell(game, CYR, { type: "UtiliserCompetence", competenceId: SKILL.mainsDeLumiere });

  begin(game, { ...duel, combatId: sleepers, typeCombat: "PVP", preparationMs: 0 });
  game.pass(HOUR);
  begin(game, { ...duel, combatId: nobody });
  game.pass(HOUR);
  begin(game, { ...duel, combatId: off });
  game.send("Combat", off, { type: "Abandonner", raison: "la cloche a sonné" });
}

/** The market, by way of what players set aside; and an exchange from hand to hand. */
function trade(game: Game): void {
  const itemId = ITEM.sauge;
  const order = (n: number, typeOrdre: string, quantite: number, prixUnitaire: number, more: object = {}): Sent => ({
    type: "ReserverOrdre",
    ordreId: orderId(n),
    ...{ typeOrdre, itemId, quantite, prixUnitaire, expireA: null },
    ...more,
  });
  tell(game, BEL, { type: "ParlerPnj", pnjId: PNJ.mirabelle, dialogueId: "accueil", choixId: "marchander" });
  tell(game, BEL, { type: "AccepterQuete", queteId: QUEST.lesAffaires });
  tell(game, ADA, order(1, "VENTE", 10, 5));
  tell(game, BEL, order(2, "ACHAT", 6, 7));
  tell(game, BEL, order(3, "ACHAT", 2, 3, { expireA: new Date(game.now + 10 * MINUTE).toISOString() }));
  tell(game, ADA, order(4, "ACHAT", 1, 9));
  tell(game, CYR, order(5, "ACHAT", 1, 9, { itemId: ITEM.medaillonDOriane }));
  game.send("Economy", itemId, { type: "AnnulerOrdre", ordreId: orderId(1), joueurId: ADA });
  game.pass(2 * HOUR);

  const slot = slotsInOrder(game.player(ADA).inventaire).find((one) => one.itemId === itemId);
  const sage = [{ itemId, quantite: 3, slotId: slot?.slotId, proprietes: slot?.proprietes }];
  exchange(game, 1, [
    { or: 0, objets: sage },
    { or: 10, objets: [] },
  ]);
  exchange(game, 2, []);
}

/** Ada and Bel make offers in turn, and both confirm; without offers Bel thinks better of it. Both halves are one commit. */
function exchange(game: Game, n: number, offers: readonly object[]): void {
  const echangeId = id("ec4a0000", n);
  const both = (par: string, command: Sent): void => {
    const [ada, bel] = [
      { avec: BEL, pseudoAvec: game.player(BEL).joueur.pseudo },
      { avec: ADA, pseudoAvec: game.player(ADA).joueur.pseudo },
    ];
    const half = (joueurId: string, other: object) => ({
      to: "Joueur" as const,
      id: joueurId,
      command: { ...command, echangeId, par, ...(command.type === "OuvrirEchange" ? other : {}) },
    });
    game.together([half(ADA, ada), half(BEL, bel)]);
  };
  both(ADA, { type: "OuvrirEchange" });
  for (const [at, offre] of offers.entries()) both(at === 0 ? ADA : BEL, { type: "ModifierOffre", offre });
  if (offers.length === 0) both(BEL, { type: "AnnulerEchange" });
  const revision = game.player(ADA).joueur.echange?.revision;
  if (offers.length > 0) for (const par of [ADA, BEL]) both(par, { type: "ConfirmerEchange", revision });
}

/** What goes wrong with quests, and how the day ends. */
function evening(game: Game): void {
  const { courseContreLaBrume: race, corveeDuJour: chore } = QUEST;
  tell(game, ADA, { type: "AccepterQuete", queteId: race });
  game.pass(HOUR);
  tell(game, ADA, { type: "AccepterQuete", queteId: race }, { type: "EchouerQuete", queteId: race });
  tell(game, ADA, { type: "AccepterQuete", queteId: chore }, { type: "AbandonnerQuete", queteId: chore });
  tell(game, ADA, { type: "ChangerClasse", classe: "VOLEUR" });
  tell(game, ADA, { type: "SeDeconnecter", sessionId: "ada 1" });
}

/** One of them wants to be forgotten. */
function farewell(game: Game): void {
  tell(game, DOV, { type: "EffacerDonneesPersonnelles", joueurId: DOV });
}

/**
 * The grand tour: one story through the whole game, by commands alone.
 * @param mark begins every player's names
 */
export function grandTour(mark = ""): Game {
  const game = new Game();
  for (const chapter of [authors, people, village, bags, lands, fights, trade, evening, farewell]) chapter(game, mark);
  return game;
}
