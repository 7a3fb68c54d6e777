import type { Role } from "../domain/roles.ts";

/** Who speaks, as a token says (contract: "Who may do what"). */
export interface Principal {
  readonly userId: string;
  readonly role: Role;
  readonly tenantId: string;
  /** The login that the token comes from; absent: none of this server's. */
  readonly loginId?: string;
}

/** Undefined for anything but a valid token of this tenant. @throws when it cannot be known now; `code` is then 503 */
export type Authenticate = (token: string | undefined) => Promise<Principal | undefined>;
