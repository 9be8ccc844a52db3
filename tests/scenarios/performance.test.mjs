import { family } from './family.mjs';

family('performance', {});
