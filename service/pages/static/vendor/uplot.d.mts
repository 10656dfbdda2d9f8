// What the pages use of uPlot, for the type checker.
export default class Plot {
  constructor(options: object, data: number[][], place: HTMLElement);
  setCursor(at: { left: number; top: number }): void;
  setSize(size: { width: number; height: number }): void;
  valToPos(value: number, scale: string): number;
  destroy(): void;
}
