import type { Check } from './check.ts';
import { clockSkew } from './checks/clock-skew.ts';
import { configInvalid } from './checks/config-invalid.ts';
import { controlPlaneEnsemble } from './checks/control-plane-ensemble.ts';
import { controlPlaneNotReady } from './checks/control-plane-not-ready.ts';
import { controlPlaneToken } from './checks/control-plane-token.ts';
import { controlPlaneUnreachable } from './checks/control-plane-unreachable.ts';
import { dataDir } from './checks/data-dir.ts';
import { dataPlaneNone } from './checks/data-plane-none.ts';
import { dataPlaneRejects } from './checks/data-plane-rejects.ts';
import { environmentUnknown } from './checks/environment-unknown.ts';
import { envoyVersion } from './checks/envoy-version.ts';
import { fileDescriptors } from './checks/file-descriptors.ts';
import { instanceAddress } from './checks/instance-address.ts';
import { instanceUnreachable } from './checks/instance-unreachable.ts';
import { listenerOpen } from './checks/listener-open.ts';
import {
  platformCredentials,
  platformRights,
  platformSettings,
  platformUnreachable,
} from './checks/platform.ts';
import { portInUse } from './checks/port-in-use.ts';
import { protectionActive } from './checks/protection-active.ts';
import { registryDialect } from './checks/registry-dialect.ts';
import { registryEmpty } from './checks/registry-empty.ts';
import { registryMalformed } from './checks/registry-malformed.ts';
import { registryMissing } from './checks/registry-missing.ts';
import { zookeeperAcl } from './checks/zookeeper-acl.ts';
import { zookeeperBuffer } from './checks/zookeeper-buffer.ts';
import { zookeeperChroot } from './checks/zookeeper-chroot.ts';
import { zookeeperConnectString } from './checks/zookeeper-connect-string.ts';
import { zookeeperName } from './checks/zookeeper-name.ts';
import { zookeeperQuorum } from './checks/zookeeper-quorum.ts';
import { zookeeperSessionTimeout } from './checks/zookeeper-session-timeout.ts';
import { zookeeperUnreachable } from './checks/zookeeper-unreachable.ts';
import { zookeeperVersion } from './checks/zookeeper-version.ts';
import { zookeeperWords } from './checks/zookeeper-words.ts';

/** All checks, in the order in which they are shown within their groups. */
export const CHECKS: readonly Check[] = [
  configInvalid,
  environmentUnknown,
  listenerOpen,
  zookeeperConnectString,
  zookeeperName,
  zookeeperUnreachable,
  zookeeperQuorum,
  zookeeperVersion,
  zookeeperWords,
  zookeeperChroot,
  zookeeperSessionTimeout,
  zookeeperAcl,
  zookeeperBuffer,
  registryMissing,
  registryDialect,
  registryMalformed,
  registryEmpty,
  instanceUnreachable,
  instanceAddress,
  platformSettings,
  platformUnreachable,
  platformCredentials,
  platformRights,
  controlPlaneUnreachable,
  controlPlaneNotReady,
  controlPlaneToken,
  controlPlaneEnsemble,
  protectionActive,
  dataPlaneNone,
  dataPlaneRejects,
  envoyVersion,
  clockSkew,
  portInUse,
  fileDescriptors,
  dataDir,
];
