import { type Check, type Finding, type Group, Unknown } from './check.ts';
import type { Facts } from './facts.ts';

/** What has become of a check. */
export interface Outcome {
  readonly id: string;
  readonly group: Group;
  readonly outcome: 'ok' | 'warning' | 'error' | 'skipped';
  /** What is so when all is well, or why it could not be looked at. */
  readonly text: string;
  readonly findings: readonly Finding[];
}

/** How long a check may take, in milliseconds. */
const TIMEOUT = 15_000;

/** Makes all checks at the same time; one that fails or takes too long does not hold up the others. */
export function runChecks(
  checks: readonly Check[],
  facts: Facts,
  done: (outcome: Outcome) => void,
): Promise<readonly Outcome[]> {
  return Promise.all(
    checks.map(async (check) => {
      const outcome = await runOne(check, facts);
      done(outcome);
      return outcome;
    }),
  );
}

async function runOne(check: Check, facts: Facts): Promise<Outcome> {
  const { id, group, well } = check;
  const signal = AbortSignal.timeout(TIMEOUT);
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () =>
      reject(new Unknown(`no result within ${TIMEOUT / 1_000} s`)),
    );
  });
  try {
    const findings = await Promise.race([check.find(facts, signal), late]);
    const errors = findings.some(({ severity }) => severity === 'error');
    const outcome = findings.length === 0 ? 'ok' : errors ? 'error' : 'warning';
    return { id, group, outcome, text: well, findings };
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    return { id, group, outcome: 'skipped', text, findings: [] };
  }
}
