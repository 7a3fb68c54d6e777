import { setTimeout as sleep } from "node:timers/promises";
import { rebuildProjection } from "../../projections/rebuild.ts";
import { openConsumerNode } from "../store/consumer-node.ts";
import { accounts } from "./accounts.ts";

/** A process that rebuilds the accounts, slowly enough to be killed at it. Says how far it is after each batch. */
const url = process.argv[2] ?? "";
const { store } = openConsumerNode({ url }, { nodeId: "child" });
await rebuildProjection({
  projector: accounts(() => sleep(20)),
  nodeId: "child",
  database: { url },
  store,
  batchSize: 50,
  onProgress: ({ position }) => console.log(position),
});
