/** The routes of those who call services, by the services' names: a sidecar, or a program by itself. */
export const OUTBOUND = 'outbound';

/**
 * The name of a virtual host that is a resource of its own. Envoy finds the route configuration in what
 * is before the last slash, so that the rest has none; and it removes a virtual host by what that calls
 * itself, so that it is called the same.
 */
export function virtualHostName(routes: string, host: string): string {
  return `${routes}/${host.replaceAll('%', '%25').replaceAll('/', '%2F')}`;
}

/** What {@link virtualHostName} was given as `host`. */
export function hostOfVirtualHost(name: string): string {
  const host = name.slice(name.lastIndexOf('/') + 1);
  return host.replaceAll('%2F', '/').replaceAll('%25', '%');
}

/** The route configuration that a virtual host of that name belongs to. */
export function routesOfVirtualHost(name: string): string {
  return name.slice(0, Math.max(name.lastIndexOf('/'), 0));
}
