/** Who speaks, as a token says (contract: "Who may do what"). */
export interface Principal {
  readonly userId: string;
  readonly role: "joueur" | "spectateur" | "service" | "auteur" | "admin";
  readonly tenantId: string;
}

/** Undefined for anything but a valid token of this tenant. */
export type Authenticate = (token: string | undefined) => Promise<Principal | undefined>;
