import { type Check, warning } from '../check.ts';

interface Services {
  readonly services: readonly { readonly name: string; readonly held: number }[];
}

export const protectionActive: Check = {
  id: 'protection-active',
  group: 'control plane',
  well: 'nothing is served that has left its registry',
  async find(facts) {
    const { services } = await facts.view<Services>('/services');
    return services
      .filter(({ held }) => held > 0)
      .map(({ name, held }) =>
        warning(
          `${held} endpoint${held === 1 ? '' : 's'} of ${name} left the registry and ${held === 1 ? 'is' : 'are'} held`,
          `see "meshkeeper explain ${name}"; if they are gone for good: meshkeeper hold ${name} --release`,
        ),
      );
  },
};
