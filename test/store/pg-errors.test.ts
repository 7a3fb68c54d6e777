import pg from "pg";
import { expect, test } from "vitest";
import { classifyFailure, isPassing } from "../../store/pg-errors.ts";

function fromServer(code: string): Error {
  return Object.assign(new pg.DatabaseError("said the server", 0, "error"), { code, severity: "ERROR" });
}

test.each([
  ["40001", "retry"],
  ["40P01", "retry"],
  ["55P03", "retry"],
  ["57014", "unavailable"],
  ["53300", "unavailable"],
  ["25006", "unavailable"],
  ["57P03", "unavailable"],
  ["23505", "invalid"],
  ["22P05", "invalid"],
  ["23514", "invalid"],
  // It may have committed before it was told to end.
  ["57P01", "unknown"],
  ["57P02", "unknown"],
  ["08006", "unknown"],
])("[STORE-17] %s after the statement was sent means %s", (code, meaning) => {
  expect(classifyFailure(fromServer(code), true)).toBe(meaning);
});

test.each(["57P01", "57P03", "53300", "08006", "28P01", "3D000"])(
  "[STORE-17] %s before there was a connection means that nothing happened",
  (code) => {
    expect(classifyFailure(fromServer(code), false)).toBe("unavailable");
  },
);

test.each(["Query read timeout", "Connection terminated unexpectedly", "read ECONNRESET", "write EPIPE"])(
  "[STORE-17] a connection lost after the statement was sent leaves the outcome unknown: %s",
  (message) => {
    expect(classifyFailure(new Error(message), true)).toBe("unknown");
    expect(classifyFailure(new Error(message), false)).toBe("unavailable");
  },
);

test.each(["40001", "40P01", "55P03", "57014", "57P01", "57P03", "53300", "25P03", "08006", "42P01", "42501"])(
  "[CONS-4] %s passes: the events are not at fault",
  (code) => {
    expect(isPassing(fromServer(code))).toBe(true);
  },
);

test.each(["22P02", "23505", "23503", "25P02", "P0001"])(
  "[CONS-5] %s is the fault of an event, or of the code",
  (code) => {
    expect(isPassing(fromServer(code))).toBe(false);
  },
);

test("[CONS-4] a lost connection passes, an error of the code's own does not", () => {
  for (const message of [
    "Query read timeout",
    "Connection terminated unexpectedly",
    "timeout exceeded when trying to connect",
  ])
    expect(isPassing(new Error(message))).toBe(true);
  expect(isPassing(Object.assign(new Error("read"), { code: "ECONNRESET" }))).toBe(true);
  expect(isPassing(new TypeError("x is not a function"))).toBe(false);
});
