/** The module's address, relative to the script: the build gives the file a name with its digest in it. */
declare module "curbside/curbside.wasm" {
  const url: string;
  export default url;
}
