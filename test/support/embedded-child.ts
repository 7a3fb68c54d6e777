import { startEmbeddedPostgres } from "../../server/embedded-postgres.ts";
import { PostgresError } from "../../server/postgres-folder.ts";

/** Runs the embedded PostgreSQL as a program would: tells its url and pid, or its error's code; ends when its stdin does. */
const [folder, data = "", cache = ""] = process.argv.slice(2);
try {
  const notices: string[] = [];
  const server = await startEmbeddedPostgres({
    folder,
    notice: (message) => notices.push(message),
    ...(data !== "" && { systemFolders: { data, cache } }),
  });
  console.log(JSON.stringify({ url: server.url, pid: server.pid, notices }));
  process.stdin.resume().once("end", () => void server.stop().then(() => process.exit(0)));
} catch (error) {
  if (!(error instanceof PostgresError)) throw error;
  console.log(JSON.stringify({ code: error.code, message: error.message }));
}
