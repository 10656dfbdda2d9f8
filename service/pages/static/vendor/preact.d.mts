// What the pages use of Preact, for the type checker.
export type Node = unknown;
export function h(type: unknown, props: unknown, ...children: unknown[]): Node;
export function render(node: Node, parent: Element): void;
export const Fragment: unknown;
