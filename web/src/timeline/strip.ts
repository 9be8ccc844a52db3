// A bar of states without a view: a legend's swatch, a card's lanes, a task's shares.
import { PERIOD, SUB_ROWS, readPalette, taskTile } from './palette';

/** The states of the columns as an image of SUB_ROWS rows, in the page's colours. */
export function stripImage(context: CanvasRenderingContext2D, states: Uint8Array): ImageData {
  const image = context.createImageData(states.length, SUB_ROWS);
  const pixels = new Uint32Array(image.data.buffer);
  const tile = taskTile(readPalette());
  states.forEach((state, x) => {
    const from = (state * PERIOD + (x % PERIOD)) * SUB_ROWS;
    for (let r = 0; r < SUB_ROWS; r++) pixels[r * states.length + x] = tile[from + r];
  });
  return image;
}

/** Draws it over the whole canvas, whose height is that of the image. */
export function paintStrip(canvas: HTMLCanvasElement, states: Uint8Array): void {
  const context = canvas.getContext('2d');
  if (context === null || states.length === 0) return;
  [canvas.width, canvas.height] = [states.length, SUB_ROWS];
  context.putImageData(stripImage(context, states), 0, 0);
}
