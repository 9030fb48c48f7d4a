/** Longer words are not compared: nobody misspells those. */
const MAX = 64;

/** What a misspelt word was most likely meant to be; undefined when nothing is near. */
export function suggest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > MAX) return undefined;
  const lower = word.toLowerCase();
  let best: string | undefined;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const found = distance(lower, candidate.toLowerCase());
    if (found >= least) continue;
    best = candidate;
    least = found;
  }
  return best;
}

/** How many letters have to be changed, added, dropped or swapped with the next. */
function distance(a: string, b: string): number {
  if (b.length > MAX) return Number.POSITIVE_INFINITY;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, before[j - 2]! + 1);
      row.push(cost);
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}
