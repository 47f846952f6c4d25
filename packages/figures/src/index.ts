export { type BarRow, type BarsOptions, bars, barsFigure } from './bars.ts';
export { type CalibrationBin, type CalibrationOptions, calibration, calibrationFigure } from './calibration.ts';
export { type ConfusionOptions, confusion, confusionFigure } from './confusion.ts';
export { type DotRow, type DotsOptions, dots, dotsFigure } from './dots.ts';
export { type Figure, type FigureOptions, type RenderOptions, renderFigure } from './figure.ts';
export { type FormatOptions, formatNumber, formatTicks, formatValue, type ValueFormat } from './format.ts';
export { efficient, type FrontierOptions, type FrontierPoint, frontier, frontierFigure } from './frontier.ts';
export { type HistogramOptions, histogram, histogramFigure } from './histogram.ts';
export { type LinePoint, type LineSeries, type LinesOptions, lines, linesFigure } from './lines.ts';
export { bandScale, linearScale, logScale, type NumericScale, niceDomain, niceStep } from './scale.ts';
export { type AxisSpec, type ScatterOptions, type ScatterPoint, scatter, scatterFigure } from './scatter.ts';
export { type Panel, type SmallMultiplesOptions, smallMultiples, smallMultiplesFigure } from './small-multiples.ts';
export { element, fragment, type Markup, text } from './svg.ts';
export { dataTable, type FigureTable, type TableColumn, type TableOptions } from './table.ts';
export { textWidth, truncate } from './text.ts';
export {
  contrast,
  darkPalette,
  figureStyles,
  fontStack,
  lightPalette,
  type Palette,
  type Role,
  type Theme,
} from './theme.ts';
