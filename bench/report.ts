/** What a bench is asked, what it answers, and how the answer is printed. */
export interface Bench {
  readonly name: string;
  run(options: BenchOptions): Promise<BenchResult>;
}

export interface BenchOptions {
  /** A database of the bench's own, empty, dropped when it ends. */
  readonly databaseUrl: string;
  /** More rounds, longer ones: minutes instead of at most 50 s. */
  readonly long: boolean;
  /** Says on stderr what is under way. */
  progress(text: string): void;
}

export interface BenchResult {
  readonly aims: readonly Aim[];
  /** Everything measured, for machines; keys say the unit. */
  readonly figures: Readonly<Record<string, unknown>>;
  readonly tables: readonly Table[];
  /** What one must know to read the tables. */
  readonly notes: readonly string[];
}

export interface Aim {
  readonly name: string;
  readonly value: number;
  /** "≥ 0.8". */
  readonly aim: string;
  readonly met: boolean;
}

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

export function atLeast(name: string, value: number, limit: number): Aim {
  return { name, value: round(value), aim: `≥ ${limit}`, met: value >= limit };
}

export function atMost(name: string, value: number, limit: number): Aim {
  return { name, value: round(value), aim: `≤ ${limit}`, met: value <= limit };
}

/** Three significant digits; whole numbers from 1,000 on. */
export function round(value: number): number {
  return Math.abs(value) >= 1_000 ? Math.round(value) : Number(value.toPrecision(3));
}

export function printResult(result: BenchResult): void {
  for (const table of result.tables) console.log(`\n${formatTable(table)}`);
  const aims = result.aims.map((aim) => [aim.name, aim.value, aim.aim, aim.met ? "met" : "MISSED"]);
  if (aims.length > 0)
    console.log(`\n${formatTable({ title: "Aims", columns: ["aim", "value", "wanted", ""], rows: aims })}`);
  if (result.notes.length > 0) console.log(`\n${result.notes.map((note) => `- ${note}`).join("\n")}`);
}

function formatTable({ title, columns, rows }: Table): string {
  const cells = [columns, ...rows].map((row) => row.map(formatCell));
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)));
  const lines = cells.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  "),
  );
  lines.splice(1, 0, widths.map((width) => "─".repeat(width)).join("  "));
  return [title, ...lines].join("\n");
}

function formatCell(cell: string | number): string {
  return typeof cell === "number" ? round(cell).toLocaleString("en-US") : cell;
}
