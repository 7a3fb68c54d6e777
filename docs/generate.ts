import { readFileSync, writeFileSync } from "node:fs";
import { lifecycleDiagram } from "../domain/combat/lifecycle-diagram.ts";

/** `npm run docs`: brings the generated parts of the pages up to date; tests fail where they are not. */
const page = new URL("./combat-lifecycle.md", import.meta.url);
const text = readFileSync(page, "utf8");
writeFileSync(
  page,
  text.replace(/```mermaid\n[\s\S]*?```/, () => `\`\`\`mermaid\n${lifecycleDiagram()}\`\`\``),
);
