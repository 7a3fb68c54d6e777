import { describe, expect, test } from "vitest";
import { playerCommand, wirePlayerCommand } from "../../../domain/player/commands.ts";
import { iid, known, nid, qid, sid } from "./life-helper.ts";

const wire = [
  { type: "ApprendreCompetence", competenceId: sid(1) },
  { type: "AmeliorerCompetence", competenceId: sid(1) },
  { type: "UtiliserCompetence", competenceId: sid(1) },
  { type: "AccepterQuete", queteId: qid(1) },
  { type: "TerminerQuete", queteId: qid(1) },
  { type: "AbandonnerQuete", queteId: qid(1) },
  { type: "ParlerPnj", pnjId: nid(1), dialogueId: "d", choixId: "c" },
  { type: "OuvrirCommerce", pnjId: nid(1) },
  { type: "AcheterPnj", pnjId: nid(1), itemId: iid(1), quantite: 1 },
  { type: "VendrePnj", pnjId: nid(1), slotId: iid(1), quantite: 9_999 },
];

/** The same command with one field changed. */
function spoilt(value: unknown): unknown[] {
  return wire.flatMap((command) =>
    Object.keys(command)
      .filter((key) => key !== "type")
      .map((key) => ({ ...command, [key]: value })),
  );
}

describe("what a player may send", () => {
  test.each(wire)("$type", (command) => {
    expect(wirePlayerCommand.parse(command)).toEqual(command);
  });

  test.each([-1, 0, 1.5, 10_000, 1e300, Number.NaN, Number.POSITIVE_INFINITY, "", "x".repeat(1_000), null, [], {}])(
    "never %s",
    (value) => {
      for (const command of spoilt(value)) expect(wirePlayerCommand.safeParse(command).success).toBe(false);
    },
  );

  test("nothing else beside it: definitions least of all", () => {
    for (const command of wire)
      expect(wirePlayerCommand.safeParse({ ...command, definitions: known({}) }).success).toBe(false);
  });

  test.each([
    { type: "EchouerQuete", queteId: qid(1) },
    { type: "ExpirerQuetes" },
    { type: "ProgresserObjectifs", faits: [{ type: "TUER", quantite: 1 }], reference: "r" },
  ])("not $type, which is the game's own", (command) => {
    expect(wirePlayerCommand.safeParse(command).success).toBe(false);
    expect(playerCommand.parse(command)).toEqual(command);
  });

  test.each([
    { faits: [] },
    { faits: Array.from({ length: 201 }, () => ({ type: "TUER", quantite: 1 })) },
    { faits: [{ type: "TUER", quantite: 0 }] },
    { faits: [{ type: "TUER", quantite: 1_000_001 }] },
    { faits: [{ type: "TUER", quantite: 0.5 }] },
    { faits: [{ type: "DANSER", quantite: 1 }] },
    { reference: "" },
  ])("progress is bounded: $faits", (over) => {
    const command = { type: "ProgresserObjectifs", faits: [{ type: "TUER", quantite: 1 }], reference: "r" };
    expect(playerCommand.safeParse({ ...command, ...over }).success).toBe(false);
  });
});
