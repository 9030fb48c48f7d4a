export { type Certificate, type CertificateOptions, certificate } from './certificate.ts';
export { consulJs, runPyConsul } from './clients/consul-clients.ts';
export { javaClient } from './clients/java-client.ts';
export {
  type KubernetesToolOptions,
  runHelm,
  runKubectl,
  type Validation,
  validateManifests,
} from './clients/kubernetes-tools.ts';
export { nativeClient } from './clients/native-client.ts';
export {
  type Component,
  type ComponentName,
  component,
  componentNames,
  skipWithout,
} from './component.ts';
export {
  type Consul,
  type ConsulOptions,
  type ConsulRequest,
  type ConsulTrouble,
  startConsul,
} from './consul/consul.ts';
export { curatorBenchLocks } from './curator/bench-locks.ts';
export {
  type CallOptions,
  type CreateMode,
  type Curator,
  type CuratorOptions,
  startCurator,
} from './curator/curator.ts';
export type { CuratorState } from './curator/driver.ts';
export {
  type CuratorInstance,
  type InstanceOptions,
  type InstancePayload,
  payloadClasses,
  type ServiceType,
  standardUriSpec,
} from './curator/instance.ts';
export type {
  ContendOptions,
  Contention,
  ContestKind,
  CuratorLockKind,
  CuratorLockOptions,
  CuratorLocks,
} from './curator/locks.ts';
export type { CuratorRecipes } from './curator/recipes.ts';
export {
  type D2,
  type D2Configuration,
  type D2Load,
  type D2Options,
  type D2Server,
  startD2,
} from './d2/d2.ts';
export { runDnspython } from './dnspython/run-dnspython.ts';
export {
  type Dubbo,
  type DubboOptions,
  type DubboProtocol,
  type DubboProvided,
  startDubbo,
} from './dubbo/dubbo.ts';
export {
  type DubboCall,
  type DubboInterface,
  type DubboMethod,
  type DubboService,
  dubboInterfaces,
} from './dubbo/service.ts';
export type { EnvoyBootstrap } from './envoy/bootstrap.ts';
export { type Envoy, type EnvoyOptions, startEnvoy } from './envoy/envoy.ts';
export {
  type FaultProxy,
  type FaultProxyOptions,
  startFaultProxy,
  type Target,
} from './fault-proxy/fault-proxy.ts';
export {
  type Finagle,
  type FinagleEndpoint,
  type FinagleMember,
  type FinagleOptions,
  type FinagleResolution,
  startFinagle,
} from './finagle/finagle.ts';
export { freePort, freePorts } from './free-port.ts';
export {
  checkHaproxy,
  type Haproxy,
  type HaproxyServer,
  startHaproxy,
} from './haproxy/haproxy.ts';
export { type KazooOptions, runKazoo } from './kazoo/run-kazoo.ts';
export type { Fault, FaultExtent, RequestMatch, RequestRecord } from './kubernetes/faults.ts';
export type { Disturbance } from './kubernetes/http/watch.ts';
export {
  type Kubernetes,
  type KubernetesOptions,
  startKubernetes,
} from './kubernetes/kubernetes.ts';
export type { CommandResult } from './process/command.ts';
export { type Provisioned, type ProvisionOptions, provision } from './provision.ts';
export { runSchemathesis, type SchemathesisOptions } from './schemathesis/run-schemathesis.ts';
export { silentServer } from './silent-server.ts';
export {
  type Spring,
  type SpringConfigRequest,
  type SpringInstance,
  type SpringOptions,
  type SpringProperties,
  type SpringRegistration,
  startSpring,
} from './spring/spring.ts';
export { type TempDir, tempDir } from './temp-dir.ts';
export { TestbedError, type TestbedErrorCode } from './testbed-error.ts';
export { type Settled, type UntilOptions, until } from './until.ts';
export { type Ensemble, type EnsembleOptions, startEnsemble } from './zookeeper/ensemble.ts';
export type { ServerMode } from './zookeeper/four-letter-word.ts';
export type { ZooKeeperServer } from './zookeeper/server.ts';
export type { ZooKeeperOptions } from './zookeeper/server-options.ts';
export { startZooKeeper } from './zookeeper/standalone.ts';
