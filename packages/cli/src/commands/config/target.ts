import { InvalidArgumentError } from 'commander';

/** A namespace of an application. */
export interface Target {
  readonly application: string;
  readonly namespace: string;
}

/** An application, or one of its namespaces. */
export interface ApplicationOrTarget {
  readonly application: string;
  readonly namespace?: string;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** How a namespace is written. */
export const TARGET = 'the application, or APPLICATION/PROFILE (without one: for all profiles)';

/** `shop/prod`; `shop` is `shop/default`. */
export function target(text: string): Target {
  const { application, namespace = 'default' } = applicationOrTarget(text);
  return { application, namespace };
}

/** `shop/prod`, or `shop`. */
export function applicationOrTarget(text: string): ApplicationOrTarget {
  const [application = '', namespace, ...more] = text.split('/');
  if (
    more.length > 0 ||
    !NAME.test(application) ||
    (namespace !== undefined && !NAME.test(namespace))
  )
    throw new InvalidArgumentError('Write APPLICATION or APPLICATION/PROFILE: shop, shop/prod.');
  return { application, ...(namespace !== undefined && { namespace }) };
}

/** `shop/prod`; for all profiles `shop`. */
export function nameOf({ application, namespace }: Target): string {
  return namespace === 'default' ? application : `${application}/${namespace}`;
}
