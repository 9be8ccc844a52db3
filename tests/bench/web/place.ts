// The room that each of the peers has, and the colours it shows the states in.
import { readPalette } from '../../../web/src/timeline/palette';

/** CSS pixels, as the timeline's lanes with the ruler and the overview have them. */
export const width = 1108;
export const height = 580;

export const stateColours = (): readonly string[] => readPalette().states;
