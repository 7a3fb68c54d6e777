import { Gauge, type Registry } from "prom-client";

export interface ScrapedGauge<T> {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
  /** Asked at each scrape. */
  read(): Promise<Iterable<T>> | Iterable<T>;
  set(gauge: Gauge, one: T): void;
  /** What could not be asked for. */
  onFault(error: unknown): void;
}

/** A gauge that is asked for when it is scraped; where it cannot be, it is left out, not made up. */
export function addScrapedGauge<T>(registry: Registry, options: ScrapedGauge<T>): void {
  const { name, help, labelNames = [], read, set, onFault } = options;
  new Gauge({
    name,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    async collect() {
      this.reset();
      try {
        for (const one of await read()) set(this, one);
      } catch (error) {
        // One without labels would say 0 by itself.
        if (labelNames.length === 0) this.remove();
        onFault(error);
      }
    },
  });
}
