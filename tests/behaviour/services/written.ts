import { policy } from '../routes/written.ts';

/** A ServicePolicy `a` of a service. */
export function servicePolicy(service: string, spec: string): string {
  return policy('ServicePolicy', 'a', `  targetRefs: [{ name: ${service} }]\n  ${spec}`);
}

/** The name of a field of that policy, as it is said of who does not do it. */
export function field(path: string): string {
  return `ServicePolicy/a: spec.${path}`;
}
