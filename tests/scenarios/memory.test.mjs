import { family } from './family.mjs';

family('memory', {});
