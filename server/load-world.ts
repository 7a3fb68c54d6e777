import type { Answer } from "../domain/codes.ts";
import { signToken } from "./auth.ts";
import { readConfig } from "./config.ts";
import { loadDemoWorld, type WorldSeed } from "./demo-world.ts";

/** `npm run load-world`: fills the server on this machine's API_PORT with the demo world. Needs its AUTH_SECRET. */
const PATHS = {
  Item: ["/items", "itemId"],
  Competence: ["/skills", "competenceId"],
  Quete: ["/quests", "queteId"],
  PNJ: ["/npcs", "pnjId"],
} as const;

const config = readConfig();
const admin = { userId: crypto.randomUUID(), role: "admin", tenantId: config.tenantId } as const;
const token = await signToken(config.authSecret, admin);

function requestOf(seed: WorldSeed): { readonly path: string; readonly body: object } {
  if (seed.type === "WorldState") return { path: "/world/commands", body: seed.command };
  const [path, key] = PATHS[seed.type];
  const definition = "definition" in seed.command ? seed.command.definition : {};
  return { path, body: { [key]: seed.id, ...definition } };
}

interface Problem {
  readonly code: string;
  readonly detail: string;
  readonly retryable: boolean;
}

async function post(seed: WorldSeed): Promise<Answer> {
  const { path, body } = requestOf(seed);
  const response = await fetch(`http://localhost:${config.apiPort}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (response.ok) return (await response.json()) as Answer;
  const { code = "INTERNAL", detail = "", retryable = false } = (await response.json()) as Partial<Problem>;
  return { ok: false, code, message: detail, retryable };
}

const count = await loadDemoWorld(post);
console.log(`the demo world is there: ${count} definitions`);
