import { type SchemaType, schema, t } from "@colyseus/schema";
import type { CombatState } from "../domain/combat/state.ts";
import { CombatView, projectCombat } from "./combat-view.ts";

/** How it is being watched. `instant` (ISO 8601): when the newest event shown happened; "" but for replays. */
export const LectureView = schema(
  {
    mode: t.string(),
    retardMs: t.number(),
    enLecture: t.boolean(),
    vitesse: t.number(),
    instant: t.string(),
  },
  "Lecture",
);

/** The combat as its own room shows it, and how it is being watched. */
export const SpectateView = CombatView.extend({ lecture: LectureView }, "Spectacle");
export type SpectateView = SchemaType<typeof SpectateView>;

export interface Lecture {
  readonly mode: "DIRECT" | "DIFFERE" | "REJEU";
  readonly retardMs: number;
  readonly enLecture: boolean;
  readonly vitesse: number;
  readonly instant: string;
}

export interface Watched {
  readonly combat: CombatState;
  readonly lecture: Lecture;
}

export function createSpectateView(): SpectateView {
  return new SpectateView();
}

export function projectWatched(view: SpectateView, { combat, lecture }: Watched, before: Watched | undefined): void {
  if (combat !== before?.combat) projectCombat(view, combat, before?.combat);
  if (lecture !== before?.lecture) view.lecture.assign(lecture);
}
