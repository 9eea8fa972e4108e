// The page's files, which build.mjs puts into the script.

declare module "curbside:page" {
  /** One file. */
  interface PageFile {
    /** Where it is asked for; index.html is `/`. */
    readonly path: string;
    /** Whether `bytes` are gzip of it. */
    readonly isPacked: boolean;
    /** Of the file itself. */
    readonly length: number;
    readonly headers: readonly (readonly [string, string])[];
    readonly bytes: ArrayBuffer;
  }
  export const files: readonly PageFile[];
}
