/** An HTTPRoute of a service's callers, by its rules. */
export function httpRoute(name: string, rules: string, parent = 'web', more = ''): string {
  return route('HTTPRoute', name, rules, `[{ group: "", kind: Service, name: ${parent} }]`, more);
}

/** A GRPCRoute of a service's callers, by its rules. */
export function grpcRoute(name: string, rules: string, parent = 'rpc', more = ''): string {
  return route('GRPCRoute', name, rules, `[{ group: "", kind: Service, name: ${parent} }]`, more);
}

/** A route of a gateway, by its rules. */
export function gatewayRoute(
  kind: 'HTTPRoute' | 'GRPCRoute',
  name: string,
  rules: string,
  more = '',
  section = '',
): string {
  const parent = `[{ name: edge${section && `, sectionName: ${section}`} }]`;
  return route(kind, name, rules, parent, more);
}

function route(kind: string, name: string, rules: string, parents: string, more: string): string {
  return `
---
apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: { name: ${name} }
spec:
  parentRefs: ${parents}
${more}
  rules:
${rules}`;
}

/** A route of connections. */
export function tcpRoute(name: string, parents: string, backends: string): string {
  return route('TCPRoute', name, `    - backendRefs: ${backends}`, parents, '');
}

/** A policy of Meshkeeper's own. */
export function policy(kind: string, name: string, spec: string): string {
  return `
---
apiVersion: meshkeeper.io/v1
kind: ${kind}
metadata: { name: ${name} }
spec:
${spec}`;
}

/** A gateway `edge`. */
export function gateway(spec: string): string {
  return `
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec:
${spec}`;
}
