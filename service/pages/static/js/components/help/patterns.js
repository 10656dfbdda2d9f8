// Patterns that are drawn here, pixel by pixel, so that it is known where each lies.

const SIDE = 256;
const HALF = SIDE / 2;
const TURN = 2 * Math.PI;

/** What is drawn where: brightness 0 to 1 of a pixel, counted from the middle of its quarter. @type {((x: number, y: number) => number)[]} */
const QUARTERS = [
  (x, y) => wave(Math.hypot(x, y) / 20),
  (x, y) => wave((x + y) / Math.SQRT2 / 30),
  (x, y) => Number(Math.sin((TURN * x) / 40) * Math.sin((TURN * y) / 40) > 0),
  (x, y) => Number(Math.hypot(around(x, 32), around(y, 32)) < 9),
];

/** @param {number} turns */
const wave = turns => 0.5 + 0.5 * Math.cos(TURN * turns);

/** The distance from the middle of a cell. @param {number} place @param {number} cell */
const around = (place, cell) => ((((place % cell) + cell) % cell) - cell / 2);

/** Rings, stripes, checks and dots, a quarter each. @param {HTMLCanvasElement} canvas */
export function draw(canvas) {
  canvas.width = canvas.height = SIDE;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  const image = context.createImageData(SIDE, SIDE);
  for (let row = 0; row < SIDE; row += 1) {
    for (let column = 0; column < SIDE; column += 1) {
      const quarter = QUARTERS[2 * Math.floor(row / HALF) + Math.floor(column / HALF)];
      const grey = 30 + 195 * quarter((column % HALF) - HALF / 2 + 0.5, (row % HALF) - HALF / 2 + 0.5);
      image.data.set([grey, grey, grey, 255], 4 * (row * SIDE + column));
    }
  }
  context.putImageData(image, 0, 0);
}
