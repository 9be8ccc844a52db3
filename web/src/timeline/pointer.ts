// Pointer and wheel on the canvas: click selects, drag moves, Shift and drag zooms into an area,
// two fingers pinch, Ctrl and wheel zooms.
import type { Stage } from './stage';
import { toTime } from './scale';

const CLICK_MOST = 4;

interface Finger {
  x: number;
  readonly startX: number;
  readonly startY: number;
}

export function attachPointer(
  canvas: HTMLCanvasElement,
  stage: Stage,
  click: (x: number, y: number) => void,
): () => void {
  const fingers = new Map<number, Finger>();
  let moved = false;
  let selecting = false;
  const place = (event: MouseEvent): [number, number] => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  const down = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    const [x, y] = place(event);
    fingers.set(event.pointerId, { x, startX: x, startY: y });
    canvas.setPointerCapture(event.pointerId);
    if (fingers.size === 1) [moved, selecting] = [false, event.shiftKey];
  };

  const pinch = (finger: Finger, x: number): void => {
    const other = [...fingers.values()].find((f) => f !== finger);
    if (other === undefined) return;
    const [before, after] = [Math.abs(finger.x - other.x), Math.abs(x - other.x)];
    if (before > 8 && after > 8) stage.zoom(before / after, stage.columns(other.x));
  };

  const move = (event: PointerEvent): void => {
    const [x] = place(event);
    const finger = fingers.get(event.pointerId);
    stage.cursor = stage.columns(x);
    stage.touch();
    if (finger === undefined) return;
    moved ||= Math.abs(x - finger.startX) > CLICK_MOST;
    if (fingers.size === 2) pinch(finger, x);
    else if (selecting) stage.area = [stage.columns(finger.startX), stage.columns(x)];
    else if (moved) stage.pan(stage.columns(finger.x - x) / stage.view.width);
    if (moved || fingers.size === 2) finger.x = x;
  };

  const up = (event: PointerEvent): void => {
    const finger = fingers.get(event.pointerId);
    if (finger === undefined) return;
    fingers.delete(event.pointerId);
    if (stage.area !== null && moved) {
      const [a, b] = stage.area.map((column) => toTime(stage.view, column));
      stage.show(Math.min(a, b), Math.max(a, b));
    } else if (!moved && event.type === 'pointerup') {
      click(finger.startX, finger.startY);
    }
    stage.area = null;
    stage.touch();
  };

  const leave = (): void => {
    stage.cursor = null;
    stage.touch();
  };

  const wheel = (event: WheelEvent): void => {
    const sideways = event.shiftKey ? event.deltaY : event.deltaX;
    if (event.ctrlKey || event.metaKey) {
      stage.zoom(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) * 0.01), stage.columns(place(event)[0]));
    } else if (Math.abs(sideways) > 0) {
      stage.pan(stage.columns(sideways) / stage.view.width);
    } else {
      return;
    }
    event.preventDefault();
  };

  canvas.addEventListener('pointerdown', down);
  canvas.addEventListener('pointermove', move);
  canvas.addEventListener('pointerup', up);
  canvas.addEventListener('pointercancel', up);
  canvas.addEventListener('pointerleave', leave);
  canvas.addEventListener('wheel', wheel, { passive: false });
  return () => {
    canvas.removeEventListener('pointerdown', down);
    canvas.removeEventListener('pointermove', move);
    canvas.removeEventListener('pointerup', up);
    canvas.removeEventListener('pointercancel', up);
    canvas.removeEventListener('pointerleave', leave);
    canvas.removeEventListener('wheel', wheel);
  };
}

/** On the minimap: press or drag, and the view goes there. */
export function attachMinimap(canvas: HTMLCanvasElement, stage: Stage): () => void {
  const go = (event: PointerEvent): void => {
    if (event.type === 'pointerdown') {
      if (event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
    } else if (!canvas.hasPointerCapture(event.pointerId)) return;
    const box = canvas.getBoundingClientRect();
    stage.center(Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1));
  };
  canvas.addEventListener('pointerdown', go);
  canvas.addEventListener('pointermove', go);
  return () => {
    canvas.removeEventListener('pointerdown', go);
    canvas.removeEventListener('pointermove', go);
  };
}
