/** A name as it is searched for: without case, accents and forms that only look different (Unicode NFKD without its marks). */
export function searchable(name: string): string {
  return name.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();
}
