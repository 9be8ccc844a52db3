import { family } from './family.mjs';

family('threads', {});
