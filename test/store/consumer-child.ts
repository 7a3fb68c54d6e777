import { parseArgs } from "node:util";
import { openConsumerNode } from "./consumer-node.ts";
import { write } from "./taken.ts";

/** A process that runs the consumer "all", until it is killed or its stdin ends. Says "ready" at the start and after each batch its size. */
const { values } = parseArgs({
  options: { url: { type: "string" }, node: { type: "string" }, batch: { type: "string" } },
});
const { url = "", node: nodeId = "", batch = "50" } = values;
const node = openConsumerNode({ url }, { nodeId });
node.consume({
  name: "all",
  batchSize: Number(batch),
  onBatch: (events) => console.log(events),
  sink: {
    async apply(events, transaction) {
      await write(transaction, "all", events, nodeId);
      // Long enough for a kill to find it here now and then.
      await transaction.query("SELECT pg_sleep(0.005)");
      return undefined;
    },
  },
});
console.log("ready");
process.stdin.resume().once("end", () => void node.close().then(() => process.exit(0)));
