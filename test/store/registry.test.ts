import { expect, test } from "vitest";
import { z } from "zod";
import { createRegistry, UnreadableEventError } from "../../store/registry.ts";

const v3 = {
  NiveauAtteint: {
    schemaVersion: 3,
    schema: z.strictObject({ niveau: z.int().positive(), or: z.int(), titre: z.string() }),
    upcasters: {
      1: (payload: unknown) => ({ ...z.object({ niveau: z.number() }).parse(payload), or: 0 }),
      2: (payload: unknown) => ({ ...z.object({ niveau: z.number(), or: z.number() }).parse(payload), titre: "aucun" }),
    },
  },
};
const registry = createRegistry(v3);

test("[EVENT-1] a payload of an older version is brought up to the current one, step by step", () => {
  expect(registry.read("NiveauAtteint", 1, { niveau: 4 })).toEqual({ niveau: 4, or: 0, titre: "aucun" });
  expect(registry.read("NiveauAtteint", 2, { niveau: 4, or: 9 })).toEqual({ niveau: 4, or: 9, titre: "aucun" });
  const current = { niveau: 4, or: 9, titre: "chef" };
  expect(registry.read("NiveauAtteint", 3, current)).toEqual(current);
});

test.each([
  ["of an unknown type", "JamaisVu", 1, {}],
  ["of a newer version", "NiveauAtteint", 4, { niveau: 1, or: 1, titre: "" }],
  ["of a version without upcaster", "NiveauAtteint", 0, {}],
  ["of a wrong shape", "NiveauAtteint", 3, { niveau: 1 }],
  ["that upcasting leaves in a wrong shape", "NiveauAtteint", 1, { niveau: -1 }],
])("[EVENT-2] an event %s stops its reader", (_, type, version, payload) => {
  expect(() => registry.read(type, version, payload)).toThrow(UnreadableEventError);
  expect(() => registry.read(type, version, payload)).toThrow(type);
});

test("[EVENT-3] a new event is held against the current schema, and told what is wrong with it", () => {
  expect(registry.check({ eventType: "NiveauAtteint", payload: { niveau: 1, or: 1, titre: "" } })).toBeUndefined();
  expect(registry.check({ eventType: "NiveauAtteint", payload: { niveau: 0, or: 1, titre: "" } })).toMatch(/niveau/);
  expect(registry.check({ eventType: "JamaisVu", payload: {} })).toMatch(/JamaisVu/);
  expect(registry.schemaVersion("NiveauAtteint")).toBe(3);
  expect(() => registry.schemaVersion("JamaisVu")).toThrow(UnreadableEventError);
});

test("[EVENT-4] each event type is defined once", () => {
  expect(() => createRegistry(v3, v3)).toThrow(/NiveauAtteint/);
});

test("[EVENT-5] every type has a JSON Schema that says what is required", () => {
  expect(registry.jsonSchemas()).toMatchObject({
    NiveauAtteint: {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
      required: ["niveau", "or", "titre"],
      additionalProperties: false,
    },
  });
});
