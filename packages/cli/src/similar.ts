/** Edits that two words may be apart and still be meant as one, as a share of the longer. */
const SHARE = 0.4;

/** The candidate that somebody who wrote `word` has most likely meant; undefined when none is near. */
export function similar(word: string, candidates: Iterable<string>): string | undefined {
  let best: { readonly candidate: string; readonly edits: number } | undefined;
  for (const candidate of new Set(candidates)) {
    const edits = distance(word.toLowerCase(), candidate.toLowerCase());
    const most = Math.max(1, Math.floor(Math.max(word.length, candidate.length) * SHARE));
    if (edits <= most && (best === undefined || edits < best.edits)) best = { candidate, edits };
  }
  return best?.candidate;
}

/** `: did you mean "orders"?`, or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const candidate = similar(word, candidates);
  return candidate === undefined ? '' : `: did you mean "${candidate}"?`;
}

/** Letters that are inserted, deleted, replaced or swapped with their neighbour, at least. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(
        Math.min(
          last[j]! + 1,
          row[j - 1]! + 1,
          last[j - 1]! + (same ? 0 : 1),
          swapped ? before[j - 2]! + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    [before, last] = [last, row];
  }
  return last[b.length]!;
}
