import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { migrate } from "../store/migrate.ts";
import { atMost, type Bench } from "./report.ts";
import type { Kind } from "./rooms/contender.ts";
import type { IdleFigures } from "./rooms/idle-server.ts";

const ROOMS = 5_000;
const SERVER = fileURLToPath(new URL("./rooms/idle-server.ts", import.meta.url));

/** What combats cost in which nothing happens: a turn under way, its deadline an hour off, a room open to whoever comes. */
export const idle: Bench = {
  name: "idle",
  async run({ databaseUrl, long, progress }) {
    await migrate({ url: databaseUrl });
    const seconds = long ? 60 : 5;
    const measure = async (kind: Kind): Promise<IdleFigures> => {
      progress(`${ROOMS} ${kind} rooms`);
      const args = ["--expose-gc", SERVER, kind, `${ROOMS}`, `${seconds}`, databaseUrl];
      const { stdout } = await promisify(execFile)(process.execPath, args);
      return JSON.parse(stdout) as IdleFigures;
    };
    const plain = await measure("plain");
    const durable = await measure("durable");
    const row = (name: string, f: IdleFigures) => [
      name,
      f.heapMiB,
      f.totalMiB,
      (f.totalMiB * 1_024) / ROOMS,
      f.cpuPercent,
    ];
    return {
      aims: [
        atMost("memory, idle combats / idle plain rooms", durable.totalMiB / plain.totalMiB, 1.2),
        atMost("CPU, idle combats / idle plain rooms", durable.cpuPercent / plain.cpuPercent, 1.2),
      ],
      figures: { plain, durable },
      tables: [
        {
          title: `${ROOMS} idle rooms, over the process without them`,
          columns: ["room", "heap MiB", "heap + buffers MiB", "kiB each", "CPU % of a core"],
          rows: [row("plain", plain), row("durable", durable)],
        },
      ],
      notes: ["plain rooms hold the same state and have Colyseus' patch timer out of the way, as ours have."],
    };
  },
};
