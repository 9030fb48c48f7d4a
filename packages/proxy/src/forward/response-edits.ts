import { applyHeaderChanges } from '../config/header-changes.ts';
import type { RequestView } from '../config/request-view.ts';
import type { Treatment } from '../config/route-scope.ts';
import type { FilterPass } from './filters/filter-pass.ts';
import type { ResponseEdit } from './reply.ts';

/**
 * What is done to a response's fields, in its order: the route's changes, a cookie, then the filters',
 * the last filter first. Undefined for nothing.
 */
export function responseEdits(
  { responseChanges }: Pick<Treatment, 'responseChanges'>,
  cookie: string | undefined,
  pass: FilterPass | undefined,
  view: RequestView,
): readonly ResponseEdit[] | undefined {
  if (!responseChanges && cookie === undefined && !pass?.edits.length) return undefined;
  const edits: ResponseEdit[] = [];
  if (responseChanges) edits.push((fields) => applyHeaderChanges(fields, responseChanges, view));
  if (cookie !== undefined) edits.push((fields) => fields.push('set-cookie', cookie));
  return pass ? [...edits, ...pass.edits.toReversed()] : edits;
}
