import type pg from "pg";
import { v7 } from "uuid";

/** One event through append_events, in whatever transaction the connection has open. */
export async function appendRaw(client: pg.ClientBase, aggregateId: string, expectedVersion: number): Promise<void> {
  await client.query(
    `SELECT append_events('{0}', ARRAY[$1::uuid], '{Joueur}', ARRAY[$2::int], '{1}', '{NULL}',
       '{0}', ARRAY[$3::uuid], '{ExperienceGagnee}', ARRAY[now()], ARRAY[$1::uuid], '{Joueur}', ARRAY[$2::int + 1],
       ARRAY['{"montant": 1}'::jsonb],
       ARRAY[jsonb_build_object('correlationId', $3::uuid, 'tenantId', 'default', 'schemaVersion', 1)],
       '{}', '{}', '{}', '{}')`,
    [aggregateId, expectedVersion, v7()],
  );
}
