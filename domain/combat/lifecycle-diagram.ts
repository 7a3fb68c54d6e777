import { lifecycleTable, PHASES, type Phase, TRIGGERS } from "./lifecycle.ts";

const RUNNING: readonly Phase[] = ["turn", "acting", "resolving"];

/** Every arrow of the machine, as mermaid writes it; those inside `running` belong into its own box. */
function arrows(inside: boolean): string[] {
  const found: string[] = [];
  for (const from of PHASES)
    for (const trigger of TRIGGERS) {
      const to = lifecycleTable[from][trigger];
      if (to === undefined) continue;
      const within = RUNNING.includes(from) && RUNNING.includes(to);
      if (within === inside) found.push(`${from} --> ${to}: ${trigger}`);
    }
  return found;
}

/** The life cycle as a mermaid state diagram, drawn from the machine's own table: docs/combat-lifecycle.md holds exactly this. */
export function lifecycleDiagram(): string {
  return [
    "stateDiagram-v2",
    "  state running {",
    ...arrows(true).map((arrow) => `    ${arrow}`),
    "  }",
    "  [*] --> absent",
    ...arrows(false).map((arrow) => `  ${arrow}`),
    "  ended --> [*]",
    "  abandoned --> [*]",
    "",
  ].join("\n");
}
