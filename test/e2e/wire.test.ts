import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import type { Answer } from "../../domain/codes.ts";
import { joinAs, startFight } from "../support/fight.ts";
import { useDatabase } from "../support/postgres.ts";
import { joinRaw, PROTOCOL, type RawClient, requestFrame, webSocketFrame } from "../support/raw-client.ts";
import { type TestServerProcess, useServerProcess } from "../support/server-process.ts";

const DEFEND = { type: "ExecuterAction", typeAction: "DEFENSE" };
const command = (rest: object = DEFEND): object => ({ commandId: crypto.randomUUID(), ...rest });
/** `[21][request 1]["command"]` and what comes after. */
const request = (...rest: (number | string | Uint8Array)[]): Buffer =>
  Buffer.concat(
    [PROTOCOL.REQUEST, 1, "\xa7command", ...rest].map((part) =>
      typeof part === "number" ? Buffer.from([part]) : typeof part === "string" ? Buffer.from(part, "latin1") : part,
    ),
  );
const valid = (): Buffer => requestFrame(1, "command", command());

const MALFORMED: Readonly<Record<string, Buffer>> = {
  "an empty frame": Buffer.alloc(0),
  "protocol byte 0": Buffer.from([0]),
  "protocol byte 255": Buffer.from([255]),
  "a message without an answer": Buffer.concat([Buffer.from([PROTOCOL.DATA]), valid().subarray(2)]),
  "bytes of a message": Buffer.from([17, 0xa1, 0x61, 1, 2, 3]),
  "an input, reliable": Buffer.from([19, 1, 2, 3]),
  "an input, unreliable": Buffer.from([20, 1, 2, 3]),
  "a frame that only servers send": Buffer.from([PROTOCOL.STATE, 1, 2, 3]),
  "a request with modifier bits": Buffer.concat([Buffer.from([PROTOCOL.REQUEST | 0x80]), valid().subarray(1)]),
  "a request without an id": Buffer.from([PROTOCOL.REQUEST]),
  "a request without a type": Buffer.from([PROTOCOL.REQUEST, 1]),
  "a request whose id is a float": Buffer.from([PROTOCOL.REQUEST, 0xcb, 1, 2, 3, 4, 5, 6, 7, 8]),
  "a type that is a number": requestFrame(1, 7, command()),
  "a type that nobody knows": requestFrame(1, "cheat", command()),
  "a type of an object's own names": requestFrame(1, "__proto__", command()),
  "a type that ends after the frame": Buffer.from([PROTOCOL.REQUEST, 1, 0xbf, 0x61]),
  "a type with a long length form": Buffer.from([PROTOCOL.REQUEST, 1, 0xdb, 0xff, 0xff, 0xff, 0xff, 0x61]),
  "half a payload": valid().subarray(0, 40),
  "something after the payload": Buffer.concat([valid(), Buffer.from([1])]),
  "an array that announces 16 million items": request("\xdd\x00\xff\xff\xff"),
  "arrays that announce 65,535 items, nested": request("\xdc\xff\xff".repeat(300)),
  "a map that announces 2^32 entries": request("\xdf\xff\xff\xff\xff"),
  "a string that announces 4 GB": request("\xdb\xff\xff\xff\xff"),
  "a thousand nested arrays": request("\x91".repeat(1_000), 1),
  "a thousand nested maps": request("\x81\xa1a".repeat(1_000), 1),
  "an extension": request("\xd6\xff\x00\x00\x00\x00"),
  "a record that was never defined": request("\xd4\x72\x40\x91", 0xa1, "a"),
  "the byte that msgpack never uses": request(0xc1),
};

const BAD_COMMANDS: Readonly<Record<string, unknown>> = {
  nothing: undefined,
  nil: null,
  "a number": 7,
  "a string": "command",
  "an array": [command()],
  "no commandId": DEFEND,
  "a commandId that is no UUID": { ...DEFEND, commandId: "1" },
  "a commandId that is a number": { ...DEFEND, commandId: 1 },
  "no type": command({}),
  "an unknown type": command({ type: "Tricher" }),
  "a command of the server's own": command({ type: "Abandonner", raison: "I say so" }),
  "a command of a timer's": command({ type: "ExpirerTour", numeroTour: 1 }),
  "another player's name": command({ ...DEFEND, joueurId: crypto.randomUUID() }),
  "a field that nobody knows": command({ ...DEFEND, admin: true }),
  "a prototype": JSON.parse(
    `{"commandId":"${crypto.randomUUID()}","__proto__":{"admin":true},"type":"Conceder","x":1}`,
  ),
  "a constructor": command({ ...DEFEND, constructor: { prototype: { admin: true } } }),
  "targets that are no ids": command({ ...DEFEND, cibles: ["all"] }),
  "too many targets": command({ ...DEFEND, cibles: Array.from({ length: 17 }, () => crypto.randomUUID()) }),
  "a position that is not a number": command({ ...DEFEND, position: Number.NaN }),
  "a position out of this world": command({ ...DEFEND, position: 2 ** 31 }),
  "a version that is negative": command({ ...DEFEND, expectedVersion: -1 }),
  "a version that is no integer": command({ ...DEFEND, expectedVersion: 1.5 }),
};

/** A frame of the WebSocket protocol itself that no client sends. */
const BAD_WEBSOCKET: Readonly<Record<string, Buffer>> = {
  "a reserved opcode": Buffer.from([0x83, 0x80, 0, 0, 0, 0]),
  "reserved bits": Buffer.from([0xf2, 0x80, 0, 0, 0, 0]),
  "a continuation of nothing": Buffer.from([0x80, 0x80, 0, 0, 0, 0]),
  "a ping in fragments": Buffer.from([0x09, 0x80, 0, 0, 0, 0]),
  "a frame of 2^63 bytes": Buffer.from([0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
  "a frame of 2^31 bytes": Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0]),
  "text that is no UTF-8": webSocketFrame(Buffer.from([0xff, 0xfe]), 1),
  "a close code that does not exist": webSocketFrame(Buffer.from([0, 1]), 8),
  "no WebSocket at all": Buffer.from("GET / HTTP/1.1\r\n\r\n"),
};

interface Scene {
  readonly combatId: string;
  readonly bruno: string;
  readonly attacker: RawClient;
  /** Fails if the witness noticed anything; ends its fight. */
  finish(): Promise<void>;
}

/** A fight of two, not begun yet: one attacks the server, the other only watches, and then still plays. */
async function openScene(server: TestServerProcess, begun = true): Promise<Scene> {
  // Where it has not begun, non-players who act at once would be seen in between.
  const { combatId, alix, bruno } = await startFight(
    server.apiUrl,
    begun ? { preparationMs: 0 } : { delaiPnjMs: 60_000 },
  );
  const witness = await joinRaw(server.gameUrl, combatId, alix);
  const attacker = await joinRaw(server.gameUrl, combatId, bruno);
  return {
    combatId,
    bruno,
    attacker,
    async finish() {
      attacker.destroy();
      const state = await witness.request(command({ type: "Conceder" }));
      expect(state).toMatchObject(begun ? { ok: true } : { ok: expect.any(Boolean) });
      expect(witness.received.filter(([code]) => code === PROTOCOL.ERROR)).toEqual([]);
      expect(witness.isClosed).toBe(false);
      witness.destroy();
    },
  };
}

const errorsOf = (client: RawClient) =>
  client.received.filter(([code]) => code === PROTOCOL.ERROR).map((frame) => frame.toString("latin1"));

describe.each(["uws", "ws"])("bad input over %s", (transport) => {
  // Connections are held to the limits here; not one player over many of them, one after the other.
  const server = useServerProcess(useDatabase(), { TRANSPORT: transport, COMBAT_COMMANDS_PER_SECOND: "100000" });
  const refused = (code: string) => server.metric("aether_refused_total", `code="${code}"`);

  test("[GATE-1] a malformed frame gets BAD_REQUEST, is counted, and changes nothing", async () => {
    const scene = await openScene(server);
    for (const [name, frame] of Object.entries(MALFORMED)) {
      const attacker = await joinRaw(server.gameUrl, scene.combatId, scene.bruno);
      const before = await refused("BAD_REQUEST");
      attacker.send(frame);
      await attacker.roundTrip();
      expect(errorsOf(attacker), name).toEqual([expect.stringContaining("BAD_REQUEST")]);
      expect(await refused("BAD_REQUEST"), name).toBe(before + 1);
      const answer = await attacker.request(command({ combatId: scene.combatId }));
      expect(answer, name).toMatchObject({ ok: false, code: "BAD_REQUEST" });
      attacker.destroy();
    }
    await scene.finish();
  });

  test("[GATE-2] the tenth malformed frame ends the connection with 4002", async () => {
    const scene = await openScene(server);
    for (let i = 0; i < 9; i += 1) scene.attacker.send(Buffer.from([i]));
    await scene.attacker.roundTrip();
    expect(errorsOf(scene.attacker)).toHaveLength(9);
    expect(scene.attacker.isClosed).toBe(false);
    scene.attacker.send(Buffer.from([99]), valid(), valid());
    expect(await scene.attacker.closed).toBe(4002);
    await scene.finish();
  });

  test("[GATE-3] a frame of more than 4 KB gets TOO_LARGE, is counted, and changes nothing; one of more than 64 KB ends the connection", async () => {
    const scene = await openScene(server);
    const before = await refused("TOO_LARGE");
    const long = (bytes: number): Buffer =>
      Buffer.concat([request("\xda"), Buffer.from([bytes >> 8, bytes & 0xff]), Buffer.alloc(bytes, 0x61)]);
    scene.attacker.send(long(5_000));
    await scene.attacker.roundTrip();
    expect(errorsOf(scene.attacker)).toEqual([expect.stringContaining("TOO_LARGE")]);
    expect(await refused("TOO_LARGE")).toBe(before + 1);
    expect(await scene.attacker.request(command({ type: "Conceder" }))).toMatchObject({ ok: true });
    scene.attacker.write(
      Buffer.concat([Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0]), Buffer.alloc(131_072)]),
    );
    expect([1006, 1009]).toContain(await scene.attacker.closed);
    await scene.finish();
  });

  test.each(Object.entries(BAD_WEBSOCKET))(
    "[GATE-4] a connection that breaks the WebSocket protocol is closed: %s",
    async (_name, bytes) => {
      const scene = await openScene(server);
      scene.attacker.write(bytes);
      await scene.attacker.closed;
      await scene.finish();
    },
  );

  test("[GATE-5] a command that is not of its form gets BAD_REQUEST as its answer, and is counted", async () => {
    const scene = await openScene(server);
    for (const [name, payload] of Object.entries(BAD_COMMANDS)) {
      const before = await refused("BAD_REQUEST");
      const attacker = await joinRaw(server.gameUrl, scene.combatId, scene.bruno);
      expect(await attacker.request(payload), name).toMatchObject({ ok: false, code: "BAD_REQUEST", retryable: false });
      expect(await refused("BAD_REQUEST"), name).toBe(before + 1);
      attacker.destroy();
    }
    await scene.finish();
  });

  test("[GATE-6] early, late, repeated, out-of-turn, foreign and wrong-version commands each get their code", async () => {
    const { combatId, alix, bruno } = await startFight(server.apiUrl);
    const first = await joinRaw(server.gameUrl, combatId, alix);
    const answerOf = (client: RawClient, rest: object) => client.request(command(rest)) as Promise<Answer>;
    const codes = ["COMBAT_NOT_STARTED", "FORBIDDEN", "WRONG_VERSION", "NOT_YOUR_TURN", "COMBAT_OVER"];
    const before = await Promise.all(codes.map(refused));
    expect(await answerOf(first, DEFEND)).toMatchObject({ code: "COMBAT_NOT_STARTED" });
    const second = await joinRaw(server.gameUrl, combatId, bruno);
    expect(await answerOf(first, { ...DEFEND, combatId: crypto.randomUUID() })).toMatchObject({ code: "FORBIDDEN" });
    expect(await answerOf(first, { ...DEFEND, expectedVersion: 1 })).toMatchObject({ code: "WRONG_VERSION" });
    // Of two players who act for as long as it is not their turn, one is out of turn at any time.
    let outOfTurn: { client: RawClient; message: object; answer: unknown } | undefined;
    while (outOfTurn === undefined) {
      for (const client of [first, second]) {
        const message = command();
        const answer = (await client.request(message)) as Answer;
        if (!answer.ok && answer.code === "NOT_YOUR_TURN") outOfTurn = { client, message, answer };
      }
    }
    expect(await outOfTurn.client.request(outOfTurn.message)).toEqual(outOfTurn.answer);
    const conceded = command({ type: "Conceder" });
    const answer = await second.request(conceded);
    expect(answer).toMatchObject({ ok: true });
    expect(await second.request(conceded)).toEqual(answer);
    expect(await first.request(conceded)).toEqual(answer);
    await answerOf(first, { type: "Conceder" });
    // Their allies fight it out.
    const later = async (): Promise<unknown> => (await answerOf(first, DEFEND)) as unknown;
    await expect.poll(later).toMatchObject({ ok: false, code: "COMBAT_OVER" });
    const after = await Promise.all(codes.map(refused));
    for (const [i, code] of codes.entries()) expect(after[i], code).toBeGreaterThan(before[i] ?? 0);
    for (const client of [first, second]) {
      expect(errorsOf(client)).toEqual([]);
      client.destroy();
    }
  });

  test("[GATE-7] too many commands get RATE_LIMITED, and can be sent again", async () => {
    const scene = await openScene(server);
    const before = await refused("RATE_LIMITED");
    const answers = (await Promise.all(
      Array.from({ length: 120 }, () => scene.attacker.request(command())),
    )) as Answer[];
    const limited = answers.filter((answer) => !answer.ok && answer.code === "RATE_LIMITED");
    expect(limited.length).toBeGreaterThan(10);
    expect(limited).toEqual(limited.map(() => expect.objectContaining({ retryable: true })));
    expect(await refused("RATE_LIMITED")).toBe(before + limited.length);
    await scene.finish();
  });

  test("[GATE-8] a flood of frames ends the connection with 4102, for an SDK session for good", async () => {
    const scene = await openScene(server);
    const session = await joinAs(server.gameUrl, scene.combatId, scene.bruno);
    const before = await refused("FLOOD");
    scene.attacker.send(...Array.from({ length: 2_000 }, () => Buffer.from([PROTOCOL.PING])));
    expect(await scene.attacker.closed).toBe(4102);
    const closed = expect(session.until(() => false)).rejects.toThrow("closed by the server: 4102");
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => session.command({ type: "Conceder" })));
    await closed;
    expect(answers.filter((answer) => !answer.ok && answer.code === "UNANSWERED").length).toBeGreaterThan(0);
    expect(await refused("FLOOD")).toBeGreaterThan(before);
    await scene.finish();
  });

  test("[GATE-9] who has not confirmed the join is sent nothing, cannot command, and costs no memory", async () => {
    const scene = await openScene(server, false);
    const half = await joinRaw(server.gameUrl, scene.combatId, scene.bruno, { acknowledge: false });
    half.send(valid());
    await half.roundTrip();
    await scene.attacker.request(command({ type: "Conceder" }));
    const before = half.received.length;
    half.send(Buffer.from([PROTOCOL.JOIN]));
    await half.roundTrip();
    // Its first state, and nothing that had been kept for it.
    expect(half.received.slice(before).map(([code]) => code)).toEqual([PROTOCOL.STATE, PROTOCOL.PING]);
    half.destroy();
    await scene.finish();
  });

  test("[GATE-10] the game port's HTTP side: no room by other means, no large bodies, no nonsense", async () => {
    const scene = await openScene(server);
    const url = server.gameUrl.replace("ws:", "http:");
    const call = async (path: string, body: BodyInit, headers = {}) =>
      (
        await fetch(`${url}${path}`, {
          method: "POST",
          body,
          headers: { "content-type": "application/json", ...headers },
        })
      ).status;
    for (const method of ["create", "join", "joinById", "reconnect", "__proto__", "constructor"])
      expect(await call(`/matchmake/${method}/combat`, JSON.stringify({ combatId: scene.combatId })), method).not.toBe(
        200,
      );
    for (const body of ["{", "null", "[]", '"x"', "", "x".repeat(1_000)])
      expect(await call("/matchmake/joinOrCreate/combat", body), body.slice(0, 10)).toBeGreaterThanOrEqual(400);
    expect(await call("/matchmake/joinOrCreate/nowhere", "{}")).toBeGreaterThanOrEqual(400);
    const rss = (): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))?.[1]);
    const before = rss();
    const large = "x".repeat(64 * 1024 * 1024);
    expect(await call("/matchmake/joinOrCreate/combat", large).catch(() => 413)).toBe(413);
    expect(rss() - before).toBeLessThan(32 * 1024);
    await scene.finish();
  });

  test.each([
    ["POST /matchmake/joinOrCreate/combat", "Host: a b"],
    ["POST /matchmake/joinOrCreate/combat", "Host: [::"],
    ["POST /matchmake/joinOrCreate/combat", "Host: x\r\nTransfer-Encoding: chunked"],
    ["POST /matchmake/%E0%A4%A/combat", "Host: x"],
    ["GET //%%/?%%%", "Host: x"],
    ["GET /../../etc/passwd", "Host: x"],
  ])("[GATE-11] an HTTP request of nonsense is answered with an error: %s, %s", async (line, header) => {
    const { hostname, port } = new URL(server.gameUrl);
    const socket = connect(Number(port), hostname);
    socket.end(
      `${line} HTTP/1.1\r\n${header}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}`,
    );
    expect(await text(socket)).toMatch(/^HTTP\/1.1 [45]\d\d /);
  });
});
