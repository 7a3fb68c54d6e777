import { parseArgs } from "node:util";
import { ROLES } from "../domain/roles.ts";
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
const role = ROLES.find((name) => name === values.role);
if (role === undefined) {
  console.error(`--role is one of ${ROLES.join(", ")}`);
  process.exit(1);
}
console.log(
  await signToken(config.authSecret, { userId: values.user, role, tenantId: config.tenantId }, values.expires),
);
