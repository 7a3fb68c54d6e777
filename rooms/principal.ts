/** Who speaks, as a token says (contract: "Who may do what"). */
export interface Principal {
  readonly userId: string;
  readonly role: "joueur" | "spectateur" | "service" | "auteur" | "admin";
  readonly tenantId: string;
  /** Where the connection comes from, as far as it is known. Personal: kept nowhere as it is. */
  readonly address?: string;
}

/** Undefined for anything but a valid token of this tenant. */
export type Authenticate = (token: string | undefined) => Promise<Principal | undefined>;
