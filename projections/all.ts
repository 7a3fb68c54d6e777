import type { Projector } from "./projector.ts";

/** Every read model of the game. */
export const projectors: readonly Projector[] = [];
