import {
  checkApplication,
  checkNamespace,
  DEFAULT_NAMESPACE,
  type NamespaceRef,
} from '../model/names.ts';

/** The namespace that Spring's `shop,prod` stands for; undefined when it can be none. */
export function refOfContext(context: string, separator = ','): NamespaceRef | undefined {
  const at = context.indexOf(separator);
  const application = at === -1 ? context : context.slice(0, at);
  const namespace = at === -1 ? DEFAULT_NAMESPACE : context.slice(at + separator.length);
  try {
    checkApplication(application);
    checkNamespace(namespace);
    return { application, namespace };
  } catch {
    return undefined;
  }
}
