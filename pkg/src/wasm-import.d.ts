// What an import of the module is in workerd.
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
