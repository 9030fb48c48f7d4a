import { z } from 'zod';
import { metadata } from './metadata.ts';
import {
  GATEWAY_API,
  group,
  hostname,
  kindName,
  label,
  objectName,
  port,
  referredName,
} from './names.ts';
import { status } from './status.ts';
import { unique } from './unique.ts';
import { unsupported } from './unsupported.ts';

const certificateRef = z.strictObject({
  group: group.default(''),
  kind: kindName.default('Secret'),
  name: referredName,
  namespace: label.optional(),
});

const listenerTls = z
  .strictObject({
    mode: z
      .enum(['Terminate', 'Passthrough'])
      .default('Terminate')
      .describe('Where TLS ends: here, or at the backend.'),
    certificateRefs: z
      .array(certificateRef)
      .max(64)
      .optional()
      .describe('The certificate to show.'),
    options: z
      .record(z.string().min(1).max(253), z.string().max(4096))
      .optional()
      .describe('Read for the sake of others; there are none of ours.'),
  })
  .refine(
    ({ mode, certificateRefs = [], options = {} }) =>
      mode !== 'Terminate' || certificateRefs.length > 0 || Object.keys(options).length > 0,
    { message: 'ends here and shows no certificate: name one in certificateRefs' },
  );

const selector = z
  .strictObject({
    matchLabels: z.record(z.string(), z.string()).optional(),
    matchExpressions: z
      .array(
        z.strictObject({
          key: z.string(),
          operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
          values: z.array(z.string()).optional(),
        }),
      )
      .optional(),
  })
  .optional()
  .describe(
    'With `Selector`. Outside Kubernetes a namespace has one label, `kubernetes.io/metadata.name`.',
  );

const allowedRoutes = z.strictObject({
  namespaces: z
    .strictObject({ from: z.enum(['All', 'Selector', 'Same']).default('Same'), selector })
    .default({ from: 'Same' })
    .describe('Whose routes may be attached.'),
  kinds: z
    .array(z.strictObject({ group: group.default(GATEWAY_API), kind: kindName }))
    .max(8)
    .optional()
    .describe('Kinds of routes that may be attached. Default: those of the protocol.'),
});

const listener = z
  .strictObject({
    name: objectName.describe('Unique in the gateway; what `sectionName` of a route names.'),
    hostname: hostname.optional().describe('Requests for it only. Default: for any.'),
    port,
    protocol: z
      .enum(['HTTP', 'HTTPS', 'TLS', 'TCP', 'UDP'])
      .describe('UDP is not supported.')
      .superRefine((protocol, context) => {
        if (protocol === 'UDP')
          context.addIssue({
            code: 'custom',
            message: 'is not supported: no registry has services of UDP',
            params: { unsupported: 'error' },
          });
      }),
    tls: listenerTls.optional(),
    allowedRoutes: allowedRoutes.default({ namespaces: { from: 'Same' } }),
  })
  .superRefine(({ protocol, tls, hostname: host }, context) => {
    const issue = (field: string, message: string) =>
      context.addIssue({ code: 'custom', path: [field], message });
    const encrypted = protocol === 'HTTPS' || protocol === 'TLS';
    if (tls !== undefined && !encrypted) issue('tls', `does not go with ${protocol}`);
    // Gateway API leaves HTTPS without a certificate to the implementation: here it can't be served.
    if (tls === undefined && encrypted) issue('tls', `is missing: ${protocol} needs it`);
    if (protocol === 'HTTPS' && tls?.mode === 'Passthrough')
      issue('tls', 'has to end here with HTTPS: write "mode: Terminate", or "protocol: TLS"');
    if (host !== undefined && (protocol === 'TCP' || protocol === 'UDP'))
      issue('hostname', `does not go with ${protocol}: a connection says no name`);
  });

/** Where a gateway listens. */
export type Listener = z.output<typeof listener>;

const clientValidation = z
  .strictObject({
    validation: z
      .strictObject({
        caCertificateRefs: z
          .array(
            z.strictObject({
              group,
              kind: kindName,
              name: referredName,
              namespace: label.optional(),
            }),
          )
          .min(1)
          .max(16),
        mode: z.enum(['AllowValidOnly', 'AllowInsecureFallback']).default('AllowValidOnly'),
      })
      .optional()
      .describe('Clients need a certificate that one of these authorities has issued.'),
  })
  .describe('What clients have to show.');

/** Gateway API's Gateway. */
export const gateway = z
  .strictObject({
    apiVersion: z.literal('gateway.networking.k8s.io/v1'),
    kind: z.literal('Gateway'),
    metadata,
    spec: z.strictObject({
      gatewayClassName: referredName
        .default('meshkeeper')
        .describe('Gateways of other classes are for others, and not served.'),
      listeners: z
        .array(listener)
        .min(1)
        .max(64)
        .superRefine(unique(({ name }) => name, 'listener'))
        .superRefine(
          unique(
            ({ port: at, protocol, hostname: host }) =>
              `${protocol} ${at}${host ? ` for ${host}` : ''}`,
            'listener of',
          ),
        ),
      tls: z
        .strictObject({
          backend: unsupported("towards services the mesh's own identity is shown"),
          frontend: z
            .strictObject({
              default: clientValidation,
              perPort: z
                .array(z.strictObject({ port, tls: clientValidation }))
                .max(64)
                .superRefine(unique(({ port: at }) => String(at), 'entry for port'))
                .optional(),
            })
            .optional(),
        })
        .optional(),
      addresses: unsupported('a gateway listens where its process is told to'),
      allowedListeners: unsupported(
        'there is no ListenerSet here; write the listeners into the gateway',
      ),
      defaultScope: unsupported('routes name their gateway in parentRefs'),
      infrastructure: unsupported('it says what Kubernetes is to create'),
    }),
    status,
  })
  .describe('Where requests come in from outside.');

/** Where requests come in from outside. */
export type Gateway = z.output<typeof gateway>;
