import { once } from "node:events";
import { createServer } from "node:net";
import { pino } from "pino";
import { readConfig } from "../../server/config.ts";
import { startNode } from "../../server/node.ts";

/**
 * Starts a node that cannot come up although its game has been started, tells why, and ends when nothing is open any more.
 * `port`: the API port is taken by another program after it was found free; `heartbeat`: the node's own row is refused.
 */
const [url = "", fault = ""] = process.argv.slice(2);
const config = { ...readConfig({ HOST: "127.0.0.1", GAME_PORT: "0", API_PORT: "0", DEMO_WORLD: "false" }) };
const taken = createServer().listen(0, "127.0.0.1");
await once(taken, "listening");
const { port } = taken.address() as { port: number };

let looks = 0;
const faulty = {
  ...config,
  ...(fault === "heartbeat" && { nodeUrl: "\0" }),
  get apiPort() {
    looks += 1;
    return fault === "port" && looks > 1 ? port : 0;
  },
};
await startNode(faulty, url, pino({ level: "silent" })).then(
  () => console.log("started"),
  (error: Error) => console.log(error.message),
);
taken.close();
