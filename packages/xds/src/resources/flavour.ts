import type { Node } from '../codec/messages.ts';

/**
 * What resources look like for a data plane: Envoy takes nearly everything, as the embedded proxy does;
 * gRPC's own clients take less, and reject some of what Envoy wants.
 */
export type Flavour = 'envoy' | 'grpc';

/** Every flavour. */
export const FLAVOURS: readonly Flavour[] = ['envoy', 'grpc'];

/** The flavour of a node, by what it calls itself: `gRPC Node Pure JS`, `grpc-go`, `gRPC C++`. */
export function flavourOf({ userAgentName }: Node): Flavour {
  return /^grpc\b/i.test(userAgentName ?? '') ? 'grpc' : 'envoy';
}
