import { readSync } from "node:fs";
import { combatArchive, runArchive } from "../../projections/archive.ts";
import { createPool } from "../../store/database.ts";

/** A process that archives combats one by one, to be killed at it. Says how many it has moved, and goes on when it is told a byte. */
const pool = createPool({ url: process.argv[2] ?? "" });
let moved = 0;
await runArchive(pool, combatArchive, {
  olderThanDays: 30,
  batchSize: 1,
  onBatch(count) {
    moved += count;
    console.log(moved);
    readSync(0, Buffer.alloc(1));
  },
});
await pool.end();
