import { z } from 'zod';
import { GATEWAY_API, group, kindName, label, objectName, port, referredName } from './names.ts';

/** What a route is attached to: a gateway, or a service, whose callers it then is for (GAMMA). */
export const parentRef = z.strictObject({
  group: group.default(GATEWAY_API).describe('`""` or `core` for a service.'),
  kind: kindName.default('Gateway').describe('`Gateway` or `Service`.'),
  namespace: label.optional().describe("Default: the route's own."),
  name: referredName.describe('Of the gateway, or of the service as the catalog has it.'),
  sectionName: objectName.optional().describe('A listener of the gateway. Default: all of them.'),
  port: port
    .optional()
    .describe('Listeners at this port. Of a service it says nothing: its endpoints have theirs.'),
});

/** What a route is attached to. */
export type ParentRef = z.output<typeof parentRef>;

/** All that a route is attached to. */
export const parentRefs = z
  .array(parentRef)
  .max(32)
  .superRefine((refs, context) => {
    const parent = (ref: ParentRef) =>
      JSON.stringify([ref.group, ref.kind, ref.namespace ?? '', ref.name]);
    const section = ({ sectionName, port: at }: ParentRef) => JSON.stringify([sectionName, at]);
    refs.forEach((ref, index) => {
      const others = refs.filter((other, i) => i !== index && parent(other) === parent(ref));
      if (others.length === 0) return;
      const vague = ref.sectionName === undefined && ref.port === undefined;
      if (
        vague ||
        refs.some(
          (other, i) =>
            i < index && parent(other) === parent(ref) && section(other) === section(ref),
        )
      )
        context.addIssue({
          code: 'custom',
          path: [index],
          message: `names ${ref.name} once more: each time needs a sectionName of its own`,
        });
    });
  })
  .optional()
  .describe('What the route is attached to.');

/** True of a parent that is a service: the route is for its callers. */
export function isService({
  group: of,
  kind,
}: {
  readonly group: string;
  readonly kind: string;
}): boolean {
  return kind === 'Service' && (of === '' || of === 'core');
}

/** True of a parent that is a gateway. */
export function isGateway({
  group: of,
  kind,
}: {
  readonly group: string;
  readonly kind: string;
}): boolean {
  return kind === 'Gateway' && of === GATEWAY_API;
}
