import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "vitest";
import { useDatabase } from "../support/postgres.ts";

const database = useDatabase();

test.each([
  ["port", /EADDRINUSE/],
  ["heartbeat", /invalid byte sequence/],
])(
  "[CONFIG-7] a start that fails at the end leaves nothing open, and its process ends by itself (%s)",
  async (fault, why) => {
    const script = join(import.meta.dirname, "failed-start-child.ts");
    const child = spawn(process.execPath, [script, database.url, fault], { stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    // Long after everything should be closed, and before the test is given up.
    const tooLong = setTimeout(() => child.kill("SIGKILL"), 60_000);
    const [code] = await once(child, "close");
    clearTimeout(tooLong);
    expect(said).toMatch(why);
    expect(code, "the process did not end by itself").toBe(0);
  },
);
