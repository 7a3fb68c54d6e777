import { percentile } from "./recovery.ts";
import type { ChaosReport } from "./run.ts";

/** p99 of the time from kill -9 to the next accepted command, ms. */
const RECOVERY_AIM_MS = 2_000;

export function describeReport(report: ChaosReport): string {
  const kinds = Map.groupBy(report.injected, ({ fault }) => `${fault.kind} ${fault.role}`);
  const alone = report.recoveries.filter((one) => one.alone);
  const measured = report.recoveries.filter(({ firstMs }) => firstMs !== undefined);
  const lines = [
    `${report.injected.length} faults: ${counted([...kinds].map(([kind, all]) => [kind, all.length]))}`,
    `commands: ${counted([...report.outcomes])}`,
    `${report.events} events, ${report.combats} combats, ${report.states} states held against the log`,
    `from kill -9 of a game node to the next accepted command on what it ran, ms (${report.recoveries.length} kills are known of, ${measured.length} nodes ran what was played on):`,
    described(
      "  all, the first",
      report.recoveries.map(({ firstMs }) => firstMs),
    ),
    described(
      "  all, each aggregate",
      report.recoveries.flatMap(({ eachMs }) => eachMs),
    ),
    described(
      "  nothing else wrong, the first",
      alone.map(({ firstMs }) => firstMs),
    ),
    described(
      "  nothing else wrong, each aggregate",
      alone.flatMap(({ eachMs }) => eachMs),
    ),
    ...(report.problems.length === 0
      ? ["everything holds"]
      : [`${report.problems.length} things do not hold:`, ...report.problems.slice(0, 50).map((one) => `  ${one}`)]),
  ];
  return lines.join("\n");
}

function counted(counts: readonly (readonly [string, number])[]): string {
  return [...counts]
    .sort(([, one], [, other]) => other - one)
    .map(([what, n]) => `${what} ${n}`)
    .join(", ");
}

function described(what: string, given: readonly (number | undefined)[]): string {
  const all = given.filter((one) => one !== undefined).sort((a, b) => a - b);
  if (all.length === 0) return `${what}: none`;
  const of = [50, 95, 99, 100].map((p) => `${p === 100 ? "max" : `p${p}`} ${percentile(all, p)}`);
  const met = (percentile(all, 99) ?? 0) <= RECOVERY_AIM_MS;
  return `${what}: ${all.length}, ${of.join(", ")} (aim: p99 ≤ ${RECOVERY_AIM_MS}, ${met ? "met" : "MISSED"})`;
}
