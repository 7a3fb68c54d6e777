import { expect, test } from "vitest";
import { itemDefinition } from "../../../domain/catalogue/definitions.ts";
import { marketSettlement } from "../../../domain/sagas/market-settlement.ts";
import { EVENT, event, iid, jid, NOW, oid, sent, stepsOf, uuid } from "./helper.ts";

const proprietes = itemDefinition.parse({ nom: "Ware", typeItem: "MATERIAU" });
const goods = (quantite: number) => [{ itemId: iid(1), quantite, proprietes }];
const owner = { joueurId: jid(1), pseudo: "P1" };
const order = { ordreId: oid(1), itemId: iid(1), quantite: 4, prixUnitaire: 10, expireA: NOW };

function reserved(typeOrdre: "VENTE" | "ACHAT") {
  const reserve = typeOrdre === "ACHAT" ? { or: 40, objets: [] } : { or: 0, objets: goods(4) };
  return event("OrdreReserve", { ...owner, ...order, typeOrdre, reserve }, "Joueur");
}

test("[SAGA-5] an order is placed as it was set aside, under an id that follows from the order's", () => {
  for (const typeOrdre of ["VENTE", "ACHAT"] as const) {
    const [step, ...others] = stepsOf(marketSettlement, reserved(typeOrdre));
    expect(others).toEqual([]);
    expect(step).toMatchObject({ to: "Economy", id: iid(1), key: oid(1) });
    const properties = typeOrdre === "VENTE" ? proprietes : {};
    expect(step?.command).toEqual({
      ...{ type: "PlacerOrdre", ...owner, ...order, typeOrdre },
      ...{ proprietes: properties, echangeable: true },
    });
  }
});

test("[SAGA-5] what no book can take goes back whole, and the order is closed", () => {
  for (const [typeOrdre, or, objets] of [["ACHAT", 40, []] as const, ["VENTE", 0, goods(4)] as const]) {
    const [step] = stepsOf(marketSettlement, reserved(typeOrdre));
    const settling = {
      type: "ReglerOrdre",
      ordreId: oid(1),
      reference: oid(1),
      or,
      objets,
      clos: true,
      motif: "REFUSE",
    };
    expect(sent(step?.otherwise ?? [])).toEqual([["Joueur", jid(1), settling]]);
    expect(step?.otherwise?.[0]?.key).toBe(oid(1));
  }
});

test("[SAGA-6] a trade brings gold to the seller and goods to the buyer, and closes what is complete", () => {
  for (const [resteVente, resteAchat] of [
    [0, 0],
    [2, 0],
    [0, 5],
  ] as const) {
    const given = event(
      "TransactionExecutee",
      {
        ...{ transactionId: uuid("77", 1), ordreVenteId: oid(1), ordreAchatId: oid(2), itemId: iid(1), proprietes },
        ...{ vendeurId: jid(1), pseudoVendeur: "P1", acheteurId: jid(2), pseudoAcheteur: "P2" },
        ...{ quantite: 3, prixUnitaire: 10, montantTotal: 30, taxe: 1, netVendeur: 29, renduAcheteur: 6 },
        ...{ resteVente, resteAchat, executeeA: NOW },
      },
      "Economy",
    );
    const common = { type: "ReglerOrdre", reference: uuid("77", 1), motif: "TRANSACTION" };
    expect(sent(stepsOf(marketSettlement, given))).toEqual([
      ["Joueur", jid(1), { ...common, ordreId: oid(1), or: 29, objets: [], clos: resteVente === 0 }],
      ["Joueur", jid(2), { ...common, ordreId: oid(2), or: 6, objets: goods(3), clos: resteAchat === 0 }],
    ]);
  }
});

test("[SAGA-7] an order that leaves its book gives back what is left of it, for that reason", () => {
  for (const raison of ["ANNULE", "EXPIRE", "REFUSE"] as const) {
    for (const rendu of [
      { or: 20, objets: [] },
      { or: 0, objets: goods(2) },
    ]) {
      const typeOrdre = rendu.or > 0 ? "ACHAT" : "VENTE";
      const payload = { ordreId: oid(1), joueurId: jid(1), typeOrdre, itemId: iid(1), raison, rendu };
      const settling = { type: "ReglerOrdre", ordreId: oid(1), reference: EVENT, ...rendu, clos: true, motif: raison };
      expect(sent(stepsOf(marketSettlement, event("OrdreCancelled", payload, "Economy")))).toEqual([
        ["Joueur", jid(1), settling],
      ]);
    }
  }
});
