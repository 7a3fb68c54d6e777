/**
 * [SAGA-4]: Elo (A. Elo, The Rating of Chessplayers, 1978), in whole points. K = 32; a side's expected score against the other
 * side's average rating is 1 / (1 + 10 ^ (difference / 400)). Nobody falls below 0.
 */
const K = 32;

/** Points that a player wins or loses. `score`: 1 for a win, 0.5 for a draw, 0 for a loss. */
export function ratingDelta(own: number, opponents: number, score: 0 | 0.5 | 1): number {
  const expected = 1 / (1 + 10 ** ((opponents - own) / 400));
  return Math.max(-own, Math.round(K * (score - expected)));
}

/** The average, rounded down; undefined of nobody. */
export function averageRating(ratings: readonly number[]): number | undefined {
  if (ratings.length === 0) return undefined;
  return Math.floor(ratings.reduce((sum, one) => sum + one, 0) / ratings.length);
}
