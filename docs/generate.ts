import { readFileSync, writeFileSync } from "node:fs";
import { lifecycleDiagram } from "../domain/combat/lifecycle-diagram.ts";
import { closeCodesPage } from "./generate/close-codes-page.ts";
import { schemasFile } from "./generate/event-schemas.ts";
import { eventsPage } from "./generate/events-page.ts";
import { metricsPage } from "./generate/metrics-page.ts";

/** `npm run docs`: brings the generated pages, and the generated parts of pages, up to date; tests fail where they are not. */
const page = new URL("./combat-lifecycle.md", import.meta.url);
const text = readFileSync(page, "utf8");
writeFileSync(
  page,
  text.replace(/```mermaid\n[\s\S]*?```/, () => `\`\`\`mermaid\n${lifecycleDiagram()}\`\`\``),
);
writeFileSync(new URL("./close-codes.md", import.meta.url), closeCodesPage());
writeFileSync(new URL("./events.md", import.meta.url), eventsPage());
writeFileSync(new URL("./metrics.md", import.meta.url), metricsPage());
writeFileSync(new URL("./event-schemas.json", import.meta.url), schemasFile());
