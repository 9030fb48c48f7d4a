import type { Policies } from '@meshkeeper/mesh';
import { Document, isCollection, isPair, visit } from 'yaml';

/** So much of the text of a list or a map of plain values is in one line. */
const SHORT = 80;

/** What was compiled, as a person reads it, with what is said of some services. */
export function readable(policies: Policies, services: readonly string[]): string {
  const said = services.map((service) => [
    service,
    {
      settings: policies.settings(service),
      fault: policies.fault(service),
      rateLimits: some(policies.rateLimits(service)),
    },
  ]);
  const document = new Document(
    {
      routes: some(policies.routes),
      gateways: some(policies.gateways),
      services: some(Object.fromEntries(said)),
    },
    { aliasDuplicateObjects: false },
  );
  visit(document, {
    Collection: (_, node) => {
      const parts = node.items.map((item) => (isPair(item) ? item.value : item));
      node.flow = !parts.some(isCollection) && JSON.stringify(node).length < SHORT;
    },
  });
  // As the formatter has it.
  return document.toString({ lineWidth: 0 }).replace(/\[ (.*) \]$/gm, '[$1]');
}

function some<T extends object>(value: T): T | undefined {
  const size = value instanceof Map ? value.size : Object.keys(value).length;
  return size === 0 ? undefined : value;
}
