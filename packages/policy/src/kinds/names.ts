import { z } from 'zod';

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const DOMAIN = `${LABEL}(\\.${LABEL})*`;
const domain = new RegExp(`^${DOMAIN}$`);

/** A name of an object, a section, a rule: lower-case letters, digits, `-` and `.`. */
export const objectName = z
  .string()
  .min(1)
  .max(253)
  .regex(domain, 'is no name: lower-case letters, digits, "-" and "."');

/** A name of something that others refer to: a service's may be any, `com.foo.A:1.0:g`. */
export const referredName = z.string().min(1).max(253);

/** A label of DNS. */
export const label = z
  .string()
  .min(1)
  .max(63)
  .regex(new RegExp(`^${LABEL}$`), 'is no name: lower-case letters, digits and "-"');

/** The namespace of something that is written: of what a platform has the namespace says which platform. */
export const ownNamespace = z
  .string()
  .min(1)
  .max(63)
  .regex(new RegExp(`^${LABEL}$`), {
    error: ({ input }) =>
      input?.includes('@')
        ? 'is of a policy that a source has: change it there'
        : 'is no name: lower-case letters, digits and "-"',
  });

/** A host name; `*.` at its beginning stands for one label or more. */
export const hostname = z
  .string()
  .min(1)
  .max(253)
  .regex(
    new RegExp(`^(\\*\\.)?${DOMAIN}$`),
    'is no host name: lower-case, as shop.example.com or *.example.com',
  );

/** A host name without `*`. */
export const preciseHostname = z
  .string()
  .min(1)
  .max(253)
  .regex(domain, 'is no host name: lower-case, as shop.example.com');

/** The group of an API; empty is Kubernetes' own. */
export const group = z
  .string()
  .max(253)
  .regex(new RegExp(`^$|^${DOMAIN}$`), 'is no API group, as gateway.networking.k8s.io');

/** A kind of objects. */
export const kindName = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/, 'is no kind, as Service');

/** The name of a header, a query parameter or a cookie. */
export const headerName = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/, 'is no name of a header');

/** The name of a header that is set, added or removed: which host is asked decides on more. */
export const changedHeaderName = headerName.refine((name) => name.toLowerCase() !== 'host', {
  message: 'is not changed as a header: say which host is asked with "hostname" or "host"',
});

/** The value of a header: a line break would begin another. */
export const headerValue = z
  .string()
  .min(1)
  .max(4096)
  .regex(/^[\t\P{Cc}]+$/u, 'holds what no header may: control characters');

/** A port. */
export const port = z.int().min(1).max(65_535);

/** A share in percent. */
export const percent = z.number().min(0).max(100);

/** Of Gateway API's own kinds. */
export const GATEWAY_API = 'gateway.networking.k8s.io';
/** Of Meshkeeper's kinds. */
export const MESHKEEPER = 'meshkeeper.io';
