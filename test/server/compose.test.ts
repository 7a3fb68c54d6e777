import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { type Config, readConfig, VARIABLES } from "../../server/config.ts";

interface Service {
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

const root = new URL("../../", import.meta.url);
const SECRET = "x".repeat(32);
const { services } = parse(readFileSync(new URL("docker-compose.yml", root), "utf8"), { merge: true }) as {
  services: Readonly<Record<string, Service>>;
};

const MASTER = `compose:${Buffer.alloc(32, 7).toString("base64")}`;

/** As docker compose fills it in, with nothing set but the secrets. */
function filled(value: string): string {
  return value
    .replace(/\$\{AUTH_SECRET:\?[^}]*\}/, SECRET)
    .replace(/\$\{MASTER_KEYS:\?[^}]*\}/, MASTER)
    .replace(/\$\{\w+:-([^}]*)\}/g, "$1");
}

/** Those that run this program, as it reads what they are given. */
function nodes(): ReadonlyMap<string, Config> {
  const found = Object.entries(services).filter(([, { command }]) => command?.includes("server/main.ts"));
  return new Map(
    found.map(([name, { command = [], environment = {} }]) => {
      for (const variable of Object.keys(environment)) expect(VARIABLES, name).toContain(variable);
      const env = Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, filled(value)]));
      return [name, readConfig(env, command.slice(command.indexOf("server/main.ts") + 1))];
    }),
  );
}

test("[NODE-12] docker-compose.yml has PostgreSQL, Redis, two nodes of the game, one of the API, one projector and a balancer, as the configuration reads them", () => {
  const roles = [...nodes()].map(([name, config]) => [name, [...config.roles].join()]);
  expect(Object.fromEntries(roles)).toEqual({ "game-1": "game", "game-2": "game", api: "api", projector: "projector" });
  expect(Object.keys(services)).toEqual(expect.arrayContaining(["postgres", "redis", "balancer"]));
  for (const [name, { production, authSecret, masterKeys, databaseUrl, redisUrl, nodeUrl }] of nodes()) {
    expect([production, authSecret, nodeUrl]).toEqual([true, SECRET, `http://${name}:2568`]);
    expect(masterKeys.newest).toBe("compose");
    expect([new URL(databaseUrl ?? "").hostname, new URL(redisUrl ?? "").hostname]).toEqual(["postgres", "redis"]);
  }
});

test("[NODE-12] the balancer leads to each node of the game by the path of its public address", () => {
  const balancer = readFileSync(new URL("haproxy.cfg", root), "utf8");
  for (const [name, { roles, publicAddress, gamePort, apiPort }] of nodes()) {
    if (roles.has("api")) expect(balancer).toContain(`server ${name} ${name}:${apiPort}`);
    if (!roles.has("game")) continue;
    const path = new URL(`ws://${publicAddress}`).pathname;
    expect(balancer).toContain(`use_backend ${name} if { path_beg ${path}/ }`);
    expect(balancer).toMatch(
      new RegExp(
        `backend ${name}\n {2}http-request replace-path ${path}\\(/\\.\\*\\) \\\\1\n {2}server ${name} ${name}:${gamePort}`,
      ),
    );
    expect(balancer).toMatch(new RegExp(`backend games\n(  server .*\n)*  server ${name} ${name}:${gamePort}`));
  }
});
