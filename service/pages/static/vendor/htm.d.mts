// What the pages use of htm, for the type checker.
declare const htm: { bind<T>(h: T): (strings: TemplateStringsArray, ...values: unknown[]) => unknown };
export default htm;
