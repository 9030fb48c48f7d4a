import type { Problem } from '@meshkeeper/mesh';
import type { Finding } from './finding.ts';
import type { RegistryRead } from './registry-read.ts';

const FIX: Readonly<Record<Exclude<Problem['code'], 'incomplete'>, string>> = {
  malformed: 'Have its owner register again, or delete it.',
  'bad-address': 'Have its owner register a host name or an IP address, and a port.',
  'too-large': 'Take out of its metadata what no caller needs.',
  'not-applied':
    'Write the rule in another way; what is said here is left out, and the rest holds.',
  unreadable: 'Give the one who asks the right to read it, or delete it.',
};

/** What the dialect could not use. It fails alone, but it doesn't serve. */
export function* problems({ name, reading, unreadable }: RegistryRead): Generator<Finding> {
  // What an instance tells only when it is called isn't looked for here.
  for (const { path, code, message } of reading.problems.values())
    if (code !== 'incomplete')
      yield {
        ...{ code, severity: code === 'not-applied' ? 'warning' : 'error', registry: name },
        ...{ path, message, fix: FIX[code] },
      };
  for (const [path, message] of unreadable)
    yield {
      ...{ code: 'unreadable', severity: 'error', registry: name, path, message },
      fix: FIX.unreadable,
    };
}
