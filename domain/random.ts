/** The finaliser of MurmurHash3: every input bit changes about half of the output bits. */
function mix(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** FNV-1a over the UTF-16 units. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return mix(hash);
}

/**
 * The n-th roll of a decision, 1…100. There is no generator state: a roll depends on the combat's seed, the version that
 * the decision started from and n alone, so a replay or another node rolls the same for ever.
 */
export function rollAt(graine: string, version: number, index: number): number {
  return 1 + (mix(mix(hashText(graine) + Math.imul(version, 0x9e3779b1)) + Math.imul(index + 1, 0x7feb352d)) % 100);
}

/** Breaks ties of initiative ([TURN-1]): lower goes first. */
export function tieBreak(graine: string, participantId: string): number {
  return mix(hashText(graine) ^ hashText(participantId));
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}

/**
 * A UUID (version 8) that belongs to place (version, index) of the combat: unique as the combat's own id is, and the same
 * in each replay. All 122 free bits carry over from `combatId`, so two combats do not collide more than random ids would.
 */
export function derivedId(combatId: string, version: number, index: number): string {
  const digits = combatId.replaceAll("-", "");
  const words = [0, 1, 2, 3].map((at) => {
    const own = Number.parseInt(digits.slice(at * 8, at * 8 + 8), 16);
    return mix(own ^ mix(version + mix(Math.imul(index + 1, 0x9e3779b1) + at)));
  });
  const text = words.map(hex).join("");
  const variant = "89ab"[Number.parseInt(text.charAt(16), 16) & 3];
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-8${text.slice(13, 16)}-${variant}${text.slice(17, 20)}-${text.slice(20)}`;
}
