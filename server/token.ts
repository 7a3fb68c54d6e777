import { parseArgs } from "node:util";
import { signToken } from "./auth.ts";
import { readConfig } from "./config.ts";

/** `npm run token -- --role joueur --user <uuid>`: a token for a developer's own server. */
const { values } = parseArgs({
  options: {
    user: { type: "string", default: crypto.randomUUID() },
    role: { type: "string", default: "joueur" },
    expires: { type: "string", default: "24h" },
  },
});
const config = readConfig();
const roles = ["joueur", "spectateur", "service", "auteur", "admin"] as const;
const role = roles.find((name) => name === values.role);
if (role === undefined) {
  console.error(`--role is one of ${roles.join(", ")}`);
  process.exit(1);
}
console.log(
  await signToken(config.authSecret, { userId: values.user, role, tenantId: config.tenantId }, values.expires),
);
