import { type Check, error } from '../check.ts';

export const configInvalid: Check = {
  id: 'config-invalid',
  group: 'configuration',
  well: 'the configuration can be used',
  async find(facts) {
    try {
      await facts.configuration();
      return [];
    } catch (cause) {
      const [, ...lines] = (cause instanceof Error ? cause.message : String(cause)).split('\n');
      const seen = lines.length > 0 ? lines : [String(cause)];
      return seen.map((line) =>
        error(line.trim(), 'correct it: docs/reference/configuration.md has every setting'),
      );
    }
  },
};
