import { z } from 'zod';
import { objectName, ownNamespace } from './names.ts';
import { ignored } from './unsupported.ts';

/** Who an object is. What Kubernetes writes into it is left out. */
export const metadata = z.strictObject({
  name: objectName.describe('Unique among the objects of its kind.'),
  namespace: ownNamespace
    .optional()
    .describe('As in Kubernetes; the same name in two namespaces is two objects.'),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  // What somebody writes is left out; who reads policies of a platform says there when they were made.
  creationTimestamp: ignored() as unknown as z.ZodOptional<z.ZodString>,
  deletionGracePeriodSeconds: ignored(),
  deletionTimestamp: ignored(),
  finalizers: ignored(),
  generateName: ignored(),
  generation: ignored(),
  managedFields: ignored(),
  ownerReferences: ignored(),
  resourceVersion: ignored(),
  selfLink: ignored(),
  uid: ignored(),
});
