import type { Config } from "./config.ts";

/** A page on a developer's own machine, on any port. */
const LOCAL = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/**
 * Whether a page of this origin may call, and open connections. Who sends no origin is no browser's page.
 * @param host as the client addressed this server: a page that came from here may call
 */
export type Origins = (origin: string | undefined, host: string | undefined) => boolean;

export function createOrigins({ allowedOrigins, production }: Pick<Config, "allowedOrigins" | "production">): Origins {
  const allowed = new Set(allowedOrigins ?? []);
  const all = allowed.has("*");
  return (origin, host) => {
    if (origin === undefined || origin === "" || all || allowed.has(origin)) return true;
    if (host !== undefined && (origin === `https://${host}` || origin === `http://${host}`)) return true;
    return allowedOrigins === undefined && !production && LOCAL.test(origin);
  };
}
