// A bundle as a module of the Worker: the rules of wrangler.toml give its stored bytes.

declare module "*.curb" {
  const bytes: ArrayBuffer;
  export default bytes;
}
