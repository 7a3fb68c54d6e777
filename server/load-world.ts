import { type Answer, refusal } from "../domain/codes.ts";
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

async function post(seed: WorldSeed): Promise<Answer> {
  const { path, body } = requestOf(seed);
  const response = await fetch(`http://localhost:${config.apiPort}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as Answer & { readonly code?: string; readonly detail?: string };
  if (response.ok) return answer;
  return { ...refusal("INTERNAL"), code: answer.code ?? "INTERNAL", message: answer.detail ?? "" };
}

const count = await loadDemoWorld(post);
console.log(`the demo world is there: ${count} definitions`);
