import { joinPath } from '@meshkeeper/zookeeper';

/** Where overlays are kept. */
export const OVERLAYS = '/meshkeeper/overlays';

/** The znode of an endpoint's overlay. */
export function endpointOverlay(service: string, endpoint: string): string {
  return joinPath(joinPath(OVERLAYS, encodeName(service)), encodeName(endpoint));
}

/** Whose overlay a znode is; undefined for the directories above. */
export function ownerOf(
  path: string,
): { readonly service: string; readonly endpoint: string } | undefined {
  const parts = path.slice(OVERLAYS.length + 1).split('/');
  const [service, endpoint] = parts;
  if (parts.length !== 2 || service === undefined || endpoint === undefined) return undefined;
  try {
    return { service: decodeURIComponent(service), endpoint: decodeURIComponent(endpoint) };
  } catch {
    return undefined; // not written by us
  }
}

/** A name as one part of a path: `/` and whatever a znode may not have is percent-encoded. */
function encodeName(name: string): string {
  return encodeURIComponent(name).replace(/^\.+$/, (dots) => '%2E'.repeat(dots.length));
}
