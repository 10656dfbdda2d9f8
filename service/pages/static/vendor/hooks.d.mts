// What the pages use of Preact's hooks, for the type checker.
export type Change<T> = (next: T | ((before: T) => T)) => void;
export function useState<T>(initial: T | (() => T)): [T, Change<T>];
export function useEffect(effect: () => unknown, inputs?: readonly unknown[]): void;
export function useLayoutEffect(effect: () => unknown, inputs?: readonly unknown[]): void;
export function useMemo<T>(make: () => T, inputs: readonly unknown[]): T;
export function useCallback<T extends Function>(callback: T, inputs: readonly unknown[]): T;
export function useRef<T>(initial: T): { current: T };
export function useId(): string;
