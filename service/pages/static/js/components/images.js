// Which of the images of a finished visualization is what.

/** The finished pictures; several where they were made together. @param {any} job @returns {any[]} */
export const finals = job => job.images.filter((/** @type {any} */ one) => one.step === null || one.step >= job.spec.steps);

/** The first picture at each step that was kept, in order, the finished one last. @param {any} job @returns {any[]} */
export function course(job) {
  const [last] = finals(job);
  /** @type {Map<number, any>} */
  const steps = new Map();
  for (const one of job.images) if (one.step !== null && one.step < job.spec.steps && !steps.has(one.step)) steps.set(one.step, one);
  return [...[...steps.values()].sort((a, b) => a.step - b.step), ...(last ? [{ ...last, step: job.spec.steps }] : [])];
}
