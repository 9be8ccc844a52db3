// The peer echarts: a custom series, as its own example of a Gantt chart does it. Frames are whole.
import * as echarts from 'echarts/core';
import { CustomChart } from 'echarts/charts';
import { DataZoomComponent, GridComponent } from 'echarts/components';
import { CanvasRenderer } from 'echarts/renderers';
import type { CustomSeriesRenderItem } from 'echarts/types/dist/shared';
import { play, slicesFor, type Show } from './page';
import { height, stateColours, width } from './place';

echarts.use([CustomChart, DataZoomComponent, GridComponent, CanvasRenderer]);

const BAR = 16;
const LABEL_LEAST = 44;

function renderer(colours: readonly string[], names: readonly string[]): CustomSeriesRenderItem {
  return (_, api) => {
    const lane = api.value(0);
    const [left, middle] = api.coord([api.value(1), lane]);
    const [right] = api.coord([api.value(2), lane]);
    const [x, end] = [Math.max(left, 0), Math.min(right, width)];
    const wide = end - x >= LABEL_LEAST;
    return {
      type: 'rect' as const,
      shape: { x, y: middle - BAR / 2, width: Math.max(end - x, 0.5), height: BAR },
      style: { fill: colours[Number(api.value(3))] },
      ...(wide ? { textContent: { type: 'text' as const, style: { text: names[Number(api.value(4))], fill: '#fff' } }, textConfig: { position: 'insideLeft' as const } } : {}),
    };
  };
}

let show: Show = () => undefined;

window.bench = {
  load: async (lanes, slices) => {
    const data = slicesFor(lanes, slices);
    const names = [...new Set(data.flat().map(({ name }) => name))];
    const place = new Map(names.map((name, i) => [name, i]));
    const root = document.body.appendChild(document.createElement('div'));
    root.style.cssText = `width: ${width}px; height: ${height}px`;
    const chart = echarts.init(root);
    chart.setOption({
      animation: false,
      grid: { left: 0, right: 0, top: 0, bottom: 24 },
      xAxis: { type: 'value', min: 0, max: Math.max(...data.map((lane) => lane[lane.length - 1].end)) },
      yAxis: { type: 'category', data: data.map((_, i) => String(i)), show: false },
      dataZoom: [{ type: 'inside', filterMode: 'weakFilter', startValue: 0 }],
      series: [{
        type: 'custom',
        progressive: 0,
        clip: true,
        encode: { x: [1, 2], y: 0 },
        renderItem: renderer(stateColours(), names),
        data: data.flat().map(({ lane, start, end, state, name }) => [lane, start, end, state, place.get(name) ?? 0]),
      }],
    });
    show = (from, to) => chart.dispatchAction({ type: 'dataZoom', start: from * 100, end: to * 100 });
    return data.reduce((sum, lane) => sum + lane.length, 0);
  },
  play: (ms, most) => play(show, ms, most),
};
