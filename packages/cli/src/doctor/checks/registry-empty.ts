import { type Check, warning } from '../check.ts';

export const registryEmpty: Check = {
  id: 'registry-empty',
  group: 'registries',
  well: 'there are instances in the registries',
  async find(facts) {
    const { registries } = await facts.lint();
    if (registries.some(({ instances }) => instances > 0)) return [];
    const names = registries.map(({ name, root }) => `${name} (${root})`).join(', ');
    return [
      warning(
        `there is no instance in ${names}`,
        'start an application that registers, or register one: meshkeeper sidecar --service NAME --port N',
      ),
    ];
  },
};
