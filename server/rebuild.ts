import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { signToken } from "./auth.ts";
import { readConfig } from "./config.ts";

/**
 * `npm run rebuild -- <name> [--fresh]`: has the server on this machine's API_PORT rebuild a read model, and tells how it goes on.
 * Needs its AUTH_SECRET. Ending this does not end the rebuild.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { fresh: { type: "boolean", default: false } },
});
const [name] = positionals;
const config = readConfig();
const url = `http://localhost:${config.apiPort}/admin/projections`;
const authorization = `Bearer ${await signToken(config.authSecret, { userId: crypto.randomUUID(), role: "admin", tenantId: config.tenantId })}`;

interface Item {
  readonly name: string;
  readonly rebuild?: {
    readonly state: string;
    readonly done: number;
    readonly events: number;
    readonly error: string | null;
  };
}

async function list(): Promise<readonly Item[]> {
  const response = await fetch(url, { headers: { authorization } });
  if (!response.ok) throw new Error(await response.text());
  return ((await response.json()) as { readonly items: readonly Item[] }).items;
}

if (name === undefined) {
  console.error(`usage: npm run rebuild -- <name> [--fresh], of ${(await list()).map((item) => item.name).join(", ")}`);
  process.exit(2);
}
const response = await fetch(`${url}/${encodeURIComponent(name)}/rebuild`, {
  method: "POST",
  headers: { authorization, "content-type": "application/json" },
  body: JSON.stringify({ fresh: values.fresh }),
});
if (!response.ok) {
  const { code, detail } = (await response.json()) as { readonly code: string; readonly detail: string };
  console.error(`${code}: ${detail}`);
  process.exit(1);
}
for (;;) {
  const rebuild = (await list()).find((item) => item.name === name)?.rebuild;
  if (rebuild === undefined) throw new Error("the server knows nothing of it");
  console.log(`${name}: ${rebuild.state}, ${(rebuild.done * 100).toFixed(1)} %, ${rebuild.events} events`);
  if (rebuild.state !== "FILLING") {
    if (rebuild.error !== null) console.error(rebuild.error);
    process.exit(rebuild.state === "DONE" ? 0 : 1);
  }
  await sleep(1_000);
}
