import { type Frontend, startBalancer } from "./balancer.ts";

/** The balancer as a process: its argument is the list of its frontends, as JSON. */
const frontends = JSON.parse(process.argv[2] ?? "[]") as readonly Frontend[];
const ends = await Promise.all(frontends.map((one) => startBalancer(one, (line) => console.log(line))));

for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => {
    void Promise.all(ends.map((end) => end())).then(() => process.exit(0));
  });
process.once("disconnect", () => process.exit(0));
process.send?.("ready");
console.log(`ready: ${frontends.map(({ name, host, port }) => `${name} ${host}:${port}`).join(", ")}`);
