import { type Check, warning } from '../check.ts';

export const registryMalformed: Check = {
  id: 'registry-malformed',
  group: 'registries',
  well: 'every node of the registries can be used',
  async find(facts) {
    const { findings } = await facts.lint();
    const bad = findings.filter(({ severity }) => severity === 'error');
    if (bad.length === 0) return [];
    const such = bad
      .slice(0, 3)
      .map(({ path, service = '' }) => path ?? service)
      .join(', ');
    return [
      warning(
        `${bad.length} node${bad.length === 1 ? '' : 's'} can't be used, such as ${such}`,
        '"meshkeeper lint" names each, and what to do',
      ),
    ];
  },
};
