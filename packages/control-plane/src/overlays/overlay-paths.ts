import { joinPath } from '@meshkeeper/zookeeper';

/** Where overlays are kept. */
export const OVERLAYS = '/meshkeeper/overlays';

/** The znode of an endpoint's overlay. */
export function endpointOverlay(service: string, endpoint: string): string {
  return joinPath(serviceOverlay(service), encodeName(endpoint));
}

/** The znode of what is said of a service as a whole; those of its endpoints are under it. */
export function serviceOverlay(service: string): string {
  return joinPath(OVERLAYS, encodeName(service));
}

/** Whose overlay a znode is: a service's, or an endpoint's; undefined when it isn't any. */
export function ownerOf(
  path: string,
): { readonly service: string; readonly endpoint?: string } | undefined {
  const parts = path.slice(OVERLAYS.length + 1).split('/');
  const [service, endpoint] = parts;
  if (parts.length > 2 || !service) return undefined;
  try {
    const names = { service: decodeURIComponent(service) };
    return endpoint === undefined ? names : { ...names, endpoint: decodeURIComponent(endpoint) };
  } catch {
    return undefined; // not written by us
  }
}

/** A name as one part of a path: `/` and whatever a znode may not have is percent-encoded. */
function encodeName(name: string): string {
  return encodeURIComponent(name).replace(/^\.+$/, (dots) => '%2E'.repeat(dots.length));
}
