import { expect, test } from "vitest";
import { type Answer, type RefusalCode, refusal } from "../../domain/codes.ts";
import { loadDemoWorld, type WorldSeed } from "../../server/demo-world.ts";

const DONE: Answer = { ok: true, version: 1, sequence: 1, events: [] };

/** Answers a command's first tries so, and then as the game does. */
async function load(first: readonly RefusalCode[], then: Answer = DONE) {
  const tries = new Map<string, number>();
  const send = async ({ id, command }: WorldSeed): Promise<Answer> => {
    const name = `${command.type} ${id}`;
    const before = tries.get(name) ?? 0;
    tries.set(name, before + 1);
    const code = first[before];
    return code === undefined ? then : refusal(code);
  };
  const count = await loadDemoWorld(send);
  return { count, tries: [...tries.values()] };
}

test("[DEMO-8] what a busy server cannot do now is asked again, each alone", async () => {
  const { count, tries } = await load(["UNAVAILABLE", "BUSY"]);
  expect(tries.length).toBeGreaterThan(100);
  expect(count).toBeGreaterThanOrEqual(tries.length);
  expect(tries.every((times) => times >= 3)).toBe(true);
});

test("[DEMO-8] what is there already stays; what is refused for good ends it", async () => {
  const there: Answer = { ok: false, code: "DEFINITION_EXISTS", message: "", retryable: false };
  expect((await load(["UNAVAILABLE"], there)).tries.every((times) => times >= 2)).toBe(true);
  await expect(load(["FORBIDDEN"])).rejects.toThrow("FORBIDDEN");
});
