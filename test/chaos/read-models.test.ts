import { expect, test } from "vitest";
import { useReadModels } from "../projections/read-models.ts";
import { withClient } from "../support/client.ts";
import { useDatabase } from "../support/postgres.ts";
import { checkReadModels } from "./read-models.ts";

const database = useDatabase();
const models = useReadModels(database, 300);

test("[CHAOS-4] read models that are what the log says pass; one row that is not, or is not there, is told", async () => {
  await models.caughtUp();
  const check = () => checkReadModels(database.url, models.pool, models.node.store);
  expect(await check()).toEqual([]);
  const tamper = (text: string) => withClient(database.url, (client) => client.query(text));
  await tamper(
    "UPDATE joueurs SET niveau = niveau + 1 WHERE joueur_id = (SELECT min(joueur_id::text)::uuid FROM joueurs)",
  );
  expect(await check()).toEqual([
    expect.stringMatching(/^joueurs: 1 rows are not what the log says, 1 of the log's are missing/),
  ]);
  await tamper("DELETE FROM transactions_economie");
  expect(await check()).toEqual([
    expect.stringMatching(/^transactions_economie: 0 rows .*, \d+ of the log's are missing/),
  ]);
});
