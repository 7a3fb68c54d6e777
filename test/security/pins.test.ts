import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

type Versions = Readonly<Record<string, string>>;
interface Manifest {
  readonly dependencies?: Versions;
  readonly devDependencies?: Versions;
  readonly overrides?: Versions;
}
const read = (path: string): unknown => JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), "utf8"));
/** A version, and no range of them; or what stands in the repository or in this same file. */
const EXACT = /^(\d+\.\d+\.\d+(-[\w.]+)?|file:server\/\w+|\$[@\w./-]+)$/;

test("[DOOR-8] every dependency is one version, and the lock file has the hash of each that comes from elsewhere", () => {
  for (const path of ["package.json", "server/uwebsockets/package.json"]) {
    const { dependencies = {}, devDependencies = {}, overrides = {} } = read(path) as Manifest;
    const all = [dependencies, devDependencies, overrides].flatMap((versions) => Object.entries(versions));
    expect(all.length).toBeGreaterThan(0);
    for (const [name, version] of all) expect(version, `${path}: ${name}`).toMatch(EXACT);
  }
  const { packages } = read("package-lock.json") as {
    readonly packages: Readonly<
      Record<string, { readonly resolved?: string; readonly integrity?: string; readonly link?: boolean }>
    >;
  };
  const fetched = Object.entries(packages).filter(([path, { link }]) => path.startsWith("node_modules/") && !link);
  expect(fetched.length).toBeGreaterThan(100);
  expect(fetched.filter(([, { integrity }]) => integrity === undefined).map(([path]) => path)).toEqual([]);
});
