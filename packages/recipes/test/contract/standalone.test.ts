import { startZooKeeper } from '@meshkeeper/testbed';
import { contract } from './contract.ts';
import { alone } from './system.ts';

contract('Apache ZooKeeper', async () => alone(await startZooKeeper()));
