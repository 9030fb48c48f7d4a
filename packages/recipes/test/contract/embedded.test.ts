import { contract } from './contract.ts';
import { EmbeddedMember } from './embedded.ts';
import { alone } from './system.ts';

contract('the embedded server', async () => alone(await EmbeddedMember.start()));
