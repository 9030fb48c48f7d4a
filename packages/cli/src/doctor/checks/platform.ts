import { type Check, error } from '../check.ts';

/** What keeps a source or a destination from working, a check each. */
export const platformSettings = check('settings', 'what is said of other platforms can be used');
export const platformUnreachable = check('unreachable', 'other platforms are reached');
export const platformCredentials = check('credentials', 'other platforms know who asks');
export const platformRights = check('rights', 'what is read and written there is allowed');

function check(kind: 'settings' | 'unreachable' | 'credentials' | 'rights', well: string): Check {
  return {
    id: `platform-${kind}`,
    group: 'other platforms',
    well,
    async find(facts) {
      const faults = await facts.platforms();
      return faults
        .filter((fault) => fault.kind === kind)
        .map(({ where, seen, todo }) => error(where === '' ? seen : `${where}: ${seen}`, todo));
    },
  };
}
