import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { metricsDescribed, metricsPage } from "../../docs/generate/metrics-page.ts";

test("[METRIC-1] the page is what the code has; `npm run docs` writes it anew", () => {
  const written = readFileSync(new URL("../../docs/metrics.md", import.meta.url), "utf8");
  expect(written).toBe(metricsPage());
});

test("[METRIC-1] names tell their unit, counters that they count, and everything says what it is", () => {
  for (const { name, type, labels, help } of metricsDescribed()) {
    expect(help, name).toMatch(/^[A-Z0-9].{10,}[^.]$/);
    expect(name.endsWith("_total"), name).toBe(type === "counter");
    if (type === "histogram") expect(name).toMatch(/_(seconds|bytes|events|commands|points)$/);
    for (const label of labels) expect(label).toMatch(/^[a-z_]+$/);
  }
});
