// Entity tags: whether what a client holds is what it would be sent.

/** RFC 9110, section 13.1.2: a list of tags or `*`, compared weakly. */
export function isHeld(ifNoneMatch: string | null, etag: string | null): boolean {
  if (ifNoneMatch === null || etag === null) {
    return false;
  }
  const tags = ifNoneMatch.split(",").map((tag) => strong(tag.trim()));
  return tags.includes("*") || tags.includes(strong(etag));
}

function strong(tag: string): string {
  return tag.replace(/^W\//, "");
}
