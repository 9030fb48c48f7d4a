import { MARK_KEY, type Mark } from '@meshkeeper/mesh';
import type { ZNode } from '../tree/tree-change.ts';

/** Of one mesh and rule. */
export function isSameMark(a: Mark, b: Mark): boolean {
  return a.mesh === b.mesh && a.rule === b.rule;
}

/** Which of two that would mirror one instance into one place does it: the same, whoever asks. */
export function goesBefore(a: Mark, b: Mark): boolean {
  return a.mesh === b.mesh ? a.rule < b.rule : a.mesh < b.mesh;
}

/** False for a znode that says nothing of a mark anywhere, which is nearly every one. */
export function mayBeMarked({ path, data }: Pick<ZNode, 'path' | 'data'>): boolean {
  return path.includes(MARK_KEY) || data.includes(MARK_KEY);
}
