import cors from "@fastify/cors";
import helmet from "@fastify/helmet";
import type { FastifyInstance } from "fastify";
import { refusal } from "../domain/codes.ts";
import type { Gate } from "./gate.ts";
import type { Door } from "./http.ts";

/** s for which a browser keeps what it was told of an origin. */
const KEPT_SECONDS = 600;

/** Headers that a page of another origin may read. */
const EXPOSED = ["etag", "retry-after", "x-correlation-id", "www-authenticate"];

/** What browsers are told: which pages may call, and that answers are data and nothing else. Bodies come as they are, never packed. */
export function secure(api: FastifyInstance, door: Pick<Door, "problem">, { allows }: Pick<Gate, "allows">): void {
  api.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { "default-src": ["'none'"], "frame-ancestors": ["'none'"] },
    },
    // Read by pages of other origins it is, if they are allowed.
    crossOriginResourcePolicy: { policy: "cross-origin" },
    referrerPolicy: { policy: "no-referrer" },
  });
  api.register(cors, {
    delegator: ({ headers }, done) => {
      const origin = headers.origin !== undefined && allows(headers.origin, headers.host);
      done(null, { origin, exposedHeaders: EXPOSED, maxAge: KEPT_SECONDS, strictPreflight: false });
    },
    methods: ["GET", "POST", "PATCH", "DELETE"],
  });
  api.addHook("preParsing", async (request, reply, payload) => {
    const encoding = request.headers["content-encoding"];
    if (encoding === undefined || encoding.toLowerCase() === "identity") return payload;
    await door.problem(reply, refusal("UNSUPPORTED_MEDIA_TYPE", "a body comes as it is, without a content-encoding"));
    return payload;
  });
}
