import { type Fault, pathText } from '@meshkeeper/policy';

/** Of the faults of a policy so many are told. */
const FAULTS = 3;

/** What is wrong with a policy, in a sentence. */
export function faultsText(faults: readonly Fault[]): string {
  const texts = faults
    .filter(({ severity }) => severity === 'error')
    .map(({ path, message }) => `${pathText(path)} ${message}`);
  const more = texts.length > FAULTS ? `; and ${texts.length - FAULTS} more` : '';
  return `${texts.slice(0, FAULTS).join('; ')}${more}`;
}
