// What the pages use of signals, for the type checker.
export interface Signal<T> {
  value: T;
  peek(): T;
}
export function signal<T>(value: T): Signal<T>;
export function effect(act: () => unknown): () => void;
