export { UNSUPPORTED, type UnsupportedField } from './config/unsupported.ts';
export type { Logger } from './logger.ts';
export type { FinishedRequest, ProxyObserver } from './observer.ts';
export { startProxy } from './proxy.ts';
export { ProxyError, type ProxyErrorCode } from './proxy-error.ts';
export type { EmbeddedProxy, EndpointStatus, ProxyOptions, ProxyStatus } from './proxy-options.ts';
export type { UpstreamFailure } from './upstream/failure.ts';
