// What a request may cost, in one place: the description of the service and its documents say the same numbers.

/** A ride takes some hundred bytes, a thousand of them a quarter of this. */
export const MAX_BODY_BYTES = 1024 * 1024;
/** How much of too long a body is read and dropped: a client that is still sending would lose the reply that says so. */
export const MAX_DRAINED_BYTES = 16 * MAX_BODY_BYTES;
/** A body that has not come whole in this time is given up. */
export const BODY_DEADLINE_SECONDS = 15;
/** Bytes of bodies that are held at once, by all requests together. */
export const MAX_HELD_BYTES = 64 * MAX_BODY_BYTES;
/** Bodies that are being read at once. */
export const MAX_BODIES = 512;
/** Of two clients, where there is room for one: a body that has been coming for longer than this makes room for the next. */
export const YIELDS_AFTER_MS = 250;
/** Of a request's own id, which comes back. */
export const MAX_REQUEST_ID_LENGTH = 128;
