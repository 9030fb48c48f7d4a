import { z } from 'zod';
import { group, kindName, label, MESHKEEPER, port, referredName } from './names.ts';

/** What a reference to somewhere requests can go is made of. */
export const backendObject = {
  group: group.default('').describe('`meshkeeper.io` for a subset.'),
  kind: kindName.default('Service').describe('`Service`, or `Subset` of a service.'),
  name: referredName.describe(
    'Of the service as the catalog has it; of a subset `service/subset`, as a ServicePolicy names it.',
  ),
  namespace: label.optional().describe('Read for the sake of Kubernetes; the catalog has none.'),
  port: port
    .optional()
    .describe('Kubernetes needs it; here it says nothing: the endpoints have their ports.'),
};

/** Somewhere that requests can go. */
export const backendObjectRef = z.strictObject(backendObject);

/** Somewhere that a share of the requests goes. */
export const weightedBackend = {
  ...backendObject,
  weight: z
    .int()
    .min(0)
    .max(1_000_000)
    .default(1)
    .describe('Its share, relative to the others of the rule; 0 takes none.'),
};

/** A backend without filters, as a TCP route has it. */
export const backendRef = z.strictObject(weightedBackend);

/** Where a reference leads. */
export type Destination =
  | { readonly type: 'service'; readonly service: string }
  | { readonly type: 'subset'; readonly service: string; readonly subset: string }
  /** To a kind that there isn't here. */
  | { readonly type: 'unknown' };

/** Where a reference leads. A subset's name is behind the last `/`: a service's may hold some. */
export function destination({
  group: of,
  kind,
  name,
}: {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
}): Destination {
  if (kind === 'Service' && (of === '' || of === 'core')) return { type: 'service', service: name };
  const slash = name.lastIndexOf('/');
  if (kind === 'Subset' && of === MESHKEEPER && slash > 0)
    return { type: 'subset', service: name.slice(0, slash), subset: name.slice(slash + 1) };
  return { type: 'unknown' };
}
