import { expect, inject, test } from "vitest";
import { makeFolder } from "../support/servers.ts";
import { describeReport } from "./report.ts";
import { runChaos } from "./run.ts";

test("[CHAOS-5] whatever is killed, paused, cut and restarted, nothing that was acknowledged or seen is lost or done twice", async () => {
  const folder = await makeFolder(inject("runFolder"));
  const said: string[] = [];
  const report = await runChaos({
    ...{ seed: 422, durationMs: 24_000, everyMs: 3_000, folder: folder.path },
    crew: { duellists: 2, adventurers: 1, traders: 2 },
    say: (line) => said.push(line),
  });
  const found = `${said.join("\n")}\n${describeReport(report)}`;
  expect(report.problems, found).toEqual([]);
  expect(report.injected.length, found).toBeGreaterThan(5);
  expect(report.outcomes.get("accepted") ?? 0, found).toBeGreaterThan(20);
  expect(report.states, found).toBeGreaterThan(50);
  await folder.remove();
}, 400_000);
