import type { XdsObserver } from '@meshkeeper/xds';

/** One observer that tells each of `observers`, in that order. */
export function observers(...all: readonly XdsObserver[]): XdsObserver {
  return {
    connected: (proxy) => all.forEach((observer) => void observer.connected?.(proxy)),
    disconnected: (proxy) => all.forEach((observer) => void observer.disconnected?.(proxy)),
    loadReported: (reports) => all.forEach((observer) => void observer.loadReported?.(reports)),
    acked: (event) => all.forEach((observer) => void observer.acked?.(event)),
    nacked: (event) => all.forEach((observer) => void observer.nacked?.(event)),
    applied: (event) => all.forEach((observer) => void observer.applied?.(event)),
    served: (revision) => all.forEach((observer) => void observer.served?.(revision)),
  };
}
