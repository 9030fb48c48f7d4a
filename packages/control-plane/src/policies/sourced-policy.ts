import type { SourcePolicy } from '@meshkeeper/mesh';
import { isPolicyKind, type Policy, validate } from '@meshkeeper/policy';
import { faultsText } from './faults-text.ts';
import type { StoredPolicy } from './stored-policy.ts';

/** What stands between a namespace and the source that has it: no namespace that is written here holds it. */
const AT = '@';

/** A policy of a source, or why it is none. */
export type ReadSourced =
  | { readonly stored: StoredPolicy }
  | { readonly reason: 'Invalid' | 'UnsupportedValue'; readonly fault: string };

/** Whether a namespace is one of a source: what is in it is changed there. Its source, then. */
export function sourceOfNamespace(namespace: string | undefined): string | undefined {
  const at = namespace?.indexOf(AT) ?? -1;
  return at === -1 ? undefined : namespace?.slice(at + 1);
}

/** The namespace that policies of a source are in here: `shop@cluster`. */
function namespaceOf(namespace: string | undefined, source: string): string {
  return `${namespace ?? ''}${AT}${source}`;
}

/** The namespace that it is at the source. */
export function namespaceAt(namespace: string, source: string): string | undefined {
  return namespace.slice(0, -(source.length + AT.length)) || undefined;
}

/**
 * Reads a policy that a source has. Its namespace says which source that is, so that it is another than
 * all that operators apply, and those of other sources; when it was made decides between equals. Pure.
 */
export function sourcedPolicy(
  source: string,
  { id, version, createdAt, document }: Omit<SourcePolicy, 'conditions'>,
): ReadSourced {
  const { kind } = document;
  if (!isPolicyKind(kind))
    return { reason: 'Invalid', fault: `is a ${String(kind)}, which is not known here` };
  const { policy, faults } = validate(kind, document);
  if (policy === undefined) {
    const unsupported = faults.every(
      ({ severity, code }) => severity !== 'error' || code === 'unsupported',
    );
    return {
      reason: unsupported ? 'UnsupportedValue' : 'Invalid',
      fault: `is no valid policy: ${faultsText(faults)}`,
    };
  }
  const metadata = {
    ...policy.metadata,
    namespace: namespaceOf(policy.metadata.namespace, source),
    creationTimestamp: new Date(createdAt).toISOString(),
  };
  return {
    stored: {
      // The same kind, with other metadata of the same type.
      policy: { ...policy, metadata } as Policy,
      ...{ revision: 0, at: createdAt, source: { name: source, id, version } },
    },
  };
}
