import { type Check, error } from '../check.ts';

export const registryDialect: Check = {
  id: 'registry-dialect',
  group: 'registries',
  well: 'what the registries hold is of their dialects',
  async find(facts) {
    const registries = await facts.registries();
    if (registries.length === 0) return [];
    const { discover } = await import('@meshkeeper/registries');
    const dialects = await facts.dialects();
    const found = await discover(await facts.zookeeper(), dialects.values(), { limit: 20_000 });
    return registries.flatMap(({ name, dialect, root }) => {
      const there = found.registries.filter((other) => other.root === root);
      // Spring's instances are Curator's, too: who reads one reads the other.
      if (there.length === 0 || there.some((other) => other.dialect === dialect.name)) return [];
      const { dialect: other, example } = there[0]!;
      return [
        error(
          `the registry ${name} is read as ${dialect.name}, but ${root} holds ${other}, such as ${example}`,
          `write "dialect: ${other}" for it; "meshkeeper discover" proposes the whole section`,
        ),
      ];
    });
  },
};
