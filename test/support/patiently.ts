/** Joins, however long it takes: a client gives up after a few seconds, which a busy machine may well need. */
export async function patiently<Session>(join: () => Promise<Session>): Promise<Session> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await join();
    } catch (error) {
      if (tries === 5 || !String(error).includes("in time")) throw error;
    }
  }
}
