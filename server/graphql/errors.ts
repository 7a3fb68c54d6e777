import { GraphQLError } from "graphql";
import { REFUSALS, type RefusalCode } from "../../domain/codes.ts";
import type { Telemetry } from "../../rooms/telemetry.ts";
import { failedRead } from "../failed-read.ts";
import { refuse } from "./builder.ts";

export interface ErrorServices {
  readonly telemetry: Telemetry;
}

/** Errors as they are told: refusals as they are, a database that is away or too slow as such, and bugs as INTERNAL alone. */
export interface Errors {
  told(error: unknown): GraphQLError;
}

export function createErrors({ telemetry }: ErrorServices): Errors {
  function refusalOf(error: unknown): { readonly code: RefusalCode; readonly message?: string } {
    const cause = error instanceof GraphQLError ? error.originalError : error;
    // The parser's and the validator's own: the operation is not of its form.
    if (error instanceof GraphQLError && (cause === undefined || cause === null))
      return { code: "BAD_REQUEST", message: error.message };
    const failed = failedRead(cause);
    if (failed !== undefined) return { code: failed.code as RefusalCode, message: failed.message };
    telemetry.fault("graphql", cause);
    return { code: "INTERNAL" };
  }

  return {
    told(error) {
      const own = error instanceof GraphQLError ? error.extensions["code"] : undefined;
      // Clients know the code of persisted queries; the libraries' other codes are ours of the same meaning.
      if (
        error instanceof GraphQLError &&
        typeof own === "string" &&
        (own in REFUSALS || own.startsWith("PERSISTED_"))
      ) {
        telemetry.refused(own);
        return error;
      }
      const { code, message } = refusalOf(error);
      telemetry.refused(code);
      const refused = refuse(code, message);
      if (!(error instanceof GraphQLError)) return refused;
      const { nodes, path } = error;
      return new GraphQLError(refused.message, {
        extensions: refused.extensions,
        ...(nodes !== undefined && { nodes }),
        ...(path !== undefined && { path }),
      });
    },
  };
}
