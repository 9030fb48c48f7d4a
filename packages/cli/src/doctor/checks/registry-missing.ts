import { type Check, warning } from '../check.ts';

export const registryMissing: Check = {
  id: 'registry-missing',
  group: 'registries',
  well: 'the roots of the registries are there',
  async find(facts) {
    const zk = await facts.zookeeper();
    const stated = await facts.statedRegistries();
    if (stated.length === 0) {
      if ((await facts.registries()).length > 0) return [];
      return [
        warning(
          'none of the usual registries is there: no service is served',
          'look for others with "meshkeeper discover", and name them under "registries:"',
        ),
      ];
    }
    const dialects = await facts.dialects();
    const missing = await Promise.all(
      stated.map(async ({ name, dialect, root, zookeeper }) => {
        const at = root ?? dialects.get(dialect)?.defaultRoot;
        if (at === undefined || zookeeper !== undefined) return [];
        return (await zk.exists(at)) === null ? [{ name, at }] : [];
      }),
    );
    return missing
      .flat()
      .map(({ name, at }) =>
        warning(
          `the registry ${name} has its root at ${at}, and there is no such znode`,
          'correct "root" ("meshkeeper discover" shows where services are), or wait for the first one to register',
        ),
      );
  },
};
