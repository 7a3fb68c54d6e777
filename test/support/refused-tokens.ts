import { SignJWT } from "jose";
import type { Principal } from "../../rooms/principal.ts";
import { signToken } from "../../server/auth.ts";

/** Tokens of this server's that must not let anybody in, by what is wrong with them. */
export async function refusedTokens(
  secret: string,
  who: Principal,
): Promise<Readonly<Record<string, string | undefined>>> {
  const key = new TextEncoder().encode(secret);
  const good = await signToken(secret, who);
  const [header, payload, signature] = good.split(".");
  const none = Buffer.from('{"alg":"none"}').toString("base64url");
  const claims = { role: who.role, tenant: who.tenantId, sub: who.userId };
  const signed = (body: object, alg = "HS256") => new SignJWT({ ...body }).setProtectedHeader({ alg });
  return {
    "another tenant's": await signToken(secret, { ...who, tenantId: "another" }),
    expired: await signToken(secret, who, "-1s"),
    "wrongly signed": await signToken("another secret of thirty-two characters", who),
    "alg none": `${none}.${payload}.`,
    "alg none, with a signature": `${none}.${payload}.${signature}`,
    unsigned: `${header}.${payload}.`,
    "changed afterwards": `${header}.${Buffer.from(JSON.stringify({ ...claims, role: "admin" })).toString("base64url")}.${signature}`,
    "another algorithm": await signed({ ...claims, iss: "aether-engine" }, "HS512")
      .setExpirationTime("1h")
      .sign(key),
    "nobody's": await signed(claims).setExpirationTime("1h").sign(key),
    "without an end": await signed({ ...claims, iss: "aether-engine" }).sign(key),
    "of no role": await signToken(secret, { ...who, role: "root" as never }),
    "of no player": await signToken(secret, { ...who, userId: "me" }),
    nonsense: "nonsense",
  };
}
