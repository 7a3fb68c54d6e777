/** What someone may be (contract: "Who may do what"). */
export const ROLES = ["joueur", "spectateur", "service", "auteur", "admin"] as const;
export type Role = (typeof ROLES)[number];
