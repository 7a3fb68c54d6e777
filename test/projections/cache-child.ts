import { parseArgs } from "node:util";
import { openCacheNode } from "./cache-node.ts";

/** A node that projects and caches. Told "die" on its stdin, it is killed after its next commit and before it deletes anything. */
const { values } = parseArgs({ options: { url: { type: "string" }, redis: { type: "string" } } });
const { url = "", redis: redisUrl = "" } = values;
let dying = false;
openCacheNode({
  ...{ url, redisUrl, nodeId: "child", runs: true },
  onTaken(events) {
    if (dying && events > 0) process.kill(process.pid, "SIGKILL");
  },
});
console.log("ready");
process.stdin.on("data", () => {
  dying = true;
  console.log("dying");
});
