import type { Row } from '../bench.ts';
import type { WorldSize } from './protocol.ts';
import { SUBJECTS, Subject, type SubjectName } from './subject.ts';

/** What was measured of each server; without those that are not installed. */
export type Measured<T> = ReadonlyMap<SubjectName, T>;

/** Measures one server after another, each of which serves a world of that size. */
export async function ofEach<T>(
  world: WorldSize,
  signal: AbortSignal,
  measure: (subject: Subject) => Promise<T>,
): Promise<Measured<T>> {
  const measured = new Map<SubjectName, T>();
  for (const name of SUBJECTS) {
    await using subject = await Subject.start(name, world, signal);
    if (subject !== undefined) measured.set(name, await measure(subject));
  }
  return measured;
}

/** A row of the figure that `pick` takes. */
export function row<T>(
  title: string,
  unit: string,
  measured: Measured<T>,
  pick: (of: T) => number,
): Row {
  const value = (name: SubjectName) => {
    const result = measured.get(name);
    return result && pick(result);
  };
  const peers = { 'linear cache': value('linear'), 'snapshot cache': value('snapshot') };
  return { case: title, unit, ours: value('ours') ?? Number.NaN, peers };
}
