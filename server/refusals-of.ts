import type { RefusalCode } from "../domain/codes.ts";
import type { Declared } from "./http.ts";

/** Codes with which a route may refuse a call, by its kind: what the door, the parser and the database may say of any of them. */
export function refusalsOf(method: string, url: string, route: Declared): readonly RefusalCode[] {
  const own = route.refuses ?? [];
  if (!("takes" in route)) return own;
  if (!("roles" in route))
    return [
      "BAD_REQUEST",
      ...own,
      "TOO_LARGE",
      "UNSUPPORTED_MEDIA_TYPE",
      "RATE_LIMITED",
      "BUSY",
      "UNAVAILABLE",
      "INTERNAL",
    ];
  const { roles, of } = route;
  return [
    ...new Set<RefusalCode>([
      "BAD_REQUEST",
      "UNAUTHORIZED",
      "FORBIDDEN",
      ...(url.includes(":") ? (["NOT_FOUND"] as const) : []),
      ...(method === "GET" ? (["TOO_EXPENSIVE"] as const) : (["TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"] as const)),
      ...(roles.includes("joueur") || roles.includes("spectateur") ? (["RATE_LIMITED", "BANNED"] as const) : []),
      ...(of === undefined ? [] : (["NOT_YET"] as const)),
      ...own,
      "BUSY",
      "UNAVAILABLE",
      "INTERNAL",
    ]),
  ];
}
