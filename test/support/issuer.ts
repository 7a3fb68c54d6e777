import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";

/** Another issuer of tokens, with its keys on a port of its own. */
export interface TestIssuer {
  readonly issuer: string;
  readonly audience: string;
  readonly url: string;
  /** How often its keys were asked for. */
  readonly asked: number;
  /** What it answers to that: its keys, an error, or nonsense. */
  answers(how: "keys" | "error" | "nonsense"): void;
  /** Signs with a new key from now on. */
  rotate(): Promise<void>;
  sign(claims: Omit<JWTPayload, "exp"> & { readonly exp?: string }): Promise<string>;
  close(): Promise<void>;
}

export async function startIssuer(): Promise<TestIssuer> {
  const make = async () => {
    const pair = await generateKeyPair("ES256");
    return { ...pair, kid: crypto.randomUUID() };
  };
  let key = await make();
  let asked = 0;
  let how: Parameters<TestIssuer["answers"]>[0] = "keys";
  const server: Server = createServer(async (_request, response) => {
    asked += 1;
    if (how === "error") response.writeHead(500).end();
    else if (how === "nonsense") response.end("<html>");
    else response.end(JSON.stringify({ keys: [{ ...(await exportJWK(key.publicKey)), kid: key.kid, alg: "ES256" }] }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    issuer: base,
    audience: "aether",
    url: `${base}/jwks`,
    get asked() {
      return asked;
    },
    answers(now) {
      how = now;
    },
    async rotate() {
      key = await make();
    },
    sign({ exp = "1h", ...claims }) {
      return new SignJWT({ iss: base, aud: "aether", ...claims })
        .setProtectedHeader({ alg: "ES256", kid: key.kid })
        .setExpirationTime(exp)
        .sign(key.privateKey);
    },
    async close() {
      server.closeAllConnections();
      server.close();
      if (server.listening) await once(server, "close");
    },
  };
}
