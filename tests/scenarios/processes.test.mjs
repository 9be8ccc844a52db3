import { family } from './family.mjs';

family('processes', {});
