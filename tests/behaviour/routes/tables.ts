import assert from 'node:assert/strict';
import type { Answer, Call, Outcome, Question } from '../stage/ask.ts';
import type { Plane } from './stand.ts';

/** What becomes of each request for a host, by what `seen` looks at. */
export async function answers<T>(
  plane: Plane,
  host: string,
  seen: (answer: Answer) => T,
  table: readonly (readonly [Question | string, T])[],
): Promise<void> {
  const found = await Promise.all(
    table.map(async ([question]) => {
      const asked = typeof question === 'string' ? { path: question } : question;
      return [question, seen(await plane.ask(host, asked))];
    }),
  );
  assert.deepEqual(found, table, plane.kind);
}

/** What becomes of each call to a service, by what `seen` looks at. */
export async function outcomes<T>(
  plane: Plane,
  service: string,
  seen: (outcome: Outcome) => T,
  table: readonly (readonly [Call | string, T])[],
): Promise<void> {
  const found = await Promise.all(
    table.map(async ([call]) => {
      const given = typeof call === 'string' ? { path: call } : call;
      return [call, seen(await plane.call(service, given))];
    }),
  );
  assert.deepEqual(found, table, plane.kind);
}

/** The echo that answered, else the status. */
export function where({ asked, status }: Answer): string | number {
  return asked?.at ?? status;
}

/** The echo that answered, else gRPC's status. */
export function whither({ asked, code }: Outcome): string {
  return asked?.at ?? code;
}
