import { afterAll, beforeAll } from "vitest";

/** A server of the calling file's or block's own, started before its tests and ended after them. */
export interface Place<Server> {
  readonly current: Server;
  readonly url: string;
}

export function usePlace<Server extends { readonly url: string }>(
  start: () => Promise<Server>,
  end: (server: Server) => Promise<void>,
): Place<Server> {
  let server: Server | undefined;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(async () => {
    if (server !== undefined) await end(server);
  });
  return {
    get current() {
      if (server === undefined) throw new Error("it has not been started");
      return server;
    },
    get url() {
      return this.current.url;
    },
  };
}
