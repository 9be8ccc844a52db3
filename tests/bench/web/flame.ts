// The peer flame-chart-js: a lane is a level, so each lane's slices are children of one above.
import { FlameChart, type FlameChartNode } from 'flame-chart-js';
import { slicesFor, play, type Show, type Slice } from './page';
import { height, stateColours, width } from './place';

const nodeOf = ({ start, end, state, name }: Slice, colours: readonly string[]): FlameChartNode => (
  { name, start, duration: end - start, type: String(state), color: colours[state] });

function tree(lanes: readonly Slice[][], colours: readonly string[]): FlameChartNode[] {
  return lanes.reduceRight<FlameChartNode[]>((below, slices) => {
    const nodes = slices.map((slice) => nodeOf(slice, colours));
    if (below.length > 0) nodes[0].children = below;
    return nodes;
  }, []);
}

let show: Show = () => undefined;

window.bench = {
  load: async (lanes, slices) => {
    const data = slicesFor(lanes, slices);
    const end = Math.max(...data.map((lane) => lane[lane.length - 1].end));
    const canvas = document.body.appendChild(document.createElement('canvas'));
    [canvas.width, canvas.height] = [width, height];
    const chart = new FlameChart({ canvas, data: tree(data, stateColours()) });
    chart.resize(width, height);
    show = (from, to) => chart.setZoom(from * end, to * end);
    return data.reduce((sum, lane) => sum + lane.length, 0);
  },
  play: (ms, most) => play(show, ms, most),
};
