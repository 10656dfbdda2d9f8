// A specification without what is filled in anyway: short enough for an address and for reading.
import { useEstimate } from '../optimized.js';

/**
 * What of `spec` differs from `usual`; a part of another type is kept whole.
 * @param {any} spec @param {any} usual @returns {any}
 */
export function sparse(spec, usual) {
  const kept = Object.entries(spec).flatMap(([name, value]) => {
    const filled = usual?.[name];
    if (value === null || JSON.stringify(value) === JSON.stringify(filled)) return [];
    const inside = value && typeof value === 'object' && !Array.isArray(value) && filled && value.type === filled.type;
    return [[name, inside ? { ...(value.type ? { type: value.type } : {}), ...sparse(value, filled) } : value]];
  });
  return Object.fromEntries(kept);
}

/** A specification without what is null: as it can be sent again. @param {any} spec */
export const sendable = spec => Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== null));

/** The shortest request for the same picture. @param {any} spec */
export function useShortest(spec) {
  const { model, layer, channel } = spec;
  const bare = Object.fromEntries(Object.entries({ model, layer, channel }).filter(([, value]) => value !== null && value !== undefined));
  const plain = 'layer' in bare && 'channel' in bare;
  const { estimate } = useEstimate(plain ? bare : null);
  if (!estimate) return sendable(spec);
  return { ...bare, ...sparse(spec, estimate.spec) };
}
