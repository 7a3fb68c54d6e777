export interface Sample {
  /** With a histogram's `_bucket`, `_sum` or `_count`. */
  readonly name: string;
  /** As it stands between the braces. */
  readonly labels: string;
  readonly value: number;
}

/** Everything that a server's `/metrics` tells. */
export class Scrape {
  readonly samples: readonly Sample[];

  constructor(text: string) {
    this.samples = text
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => {
        const [, name = "", , labels = "", value = ""] = /^(\w+)(\{(.*)\})? (\S+)$/.exec(line) ?? [];
        return { name, labels, value: Number(value) };
      });
  }

  /** The series of exactly this name whose labels have all of these texts, e.g. `code="BUSY"`. */
  series(name: string, ...labels: readonly string[]): readonly Sample[] {
    return this.samples.filter((one) => one.name === name && labels.every((label) => one.labels.includes(label)));
  }

  sum(name: string, ...labels: readonly string[]): number {
    return this.series(name, ...labels).reduce((sum, { value }) => sum + value, 0);
  }
}

export async function scrape(apiUrl: string): Promise<Scrape> {
  return new Scrape(await (await fetch(`${apiUrl}/metrics`)).text());
}
